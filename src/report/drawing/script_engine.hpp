// A small JavaScript engine in the program.

#pragma once

#include <string>

struct duk_hthread;

namespace thimble::report {

/// Runs a script once, then calls the functions that it defined. The script sees the language
/// (ECMAScript 5) and nothing of the machine: no files, no network, no clock.
class ScriptEngine {
 public:
  /// @param source  UTF-8
  /// @param name    for messages: the script's file name
  /// @throws Error  if the script is damaged or throws
  ScriptEngine(const std::string& source, const std::string& name);
  ~ScriptEngine();
  ScriptEngine(const ScriptEngine&) = delete;
  ScriptEngine& operator=(const ScriptEngine&) = delete;

  /// What the global `function` returns for the string `argument`, as a string.
  /// @throws Error  if there is no such function or it throws
  std::string call(const std::string& function, const std::string& argument);

 private:
  duk_hthread* heap_ = nullptr;
  std::string name_;
  bool broken_ = false;  ///< the engine gave up: its memory may not even be freed

  void run(const std::string& source, const std::string& name);
  [[noreturn]] void fail();
  static void give_up(void* engine, const char* message);
};

}  // namespace thimble::report
