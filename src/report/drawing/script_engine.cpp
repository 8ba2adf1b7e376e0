// Duktape reports errors by longjmp, which must not pass over C++ destructors: what may throw
// happens in the functions that duk_safe_call runs, and those hold nothing but plain values.

#include "report/drawing/script_engine.hpp"

#include <duktape.h>

#include <new>
#include <utility>

#include <fmt/format.h>

#include "base/error.hpp"

namespace thimble::report {
namespace {

/// What scripts written for browsers look for. A timer never fires: drawing is done at once.
constexpr const char* kPrelude =
    "var global = this, self = this, globalThis = this, window;"
    "function setTimeout() { return 0; }"
    "function clearTimeout() {}";

struct Text {
  const char* bytes;
  std::size_t size;
};

struct Script {
  Text source;
  Text name;
};

struct Call {
  Text function;
  Text argument;
};

duk_ret_t run_script(duk_context* heap, void* data) {
  const Script& script = *static_cast<const Script*>(data);
  duk_push_lstring(heap, script.name.bytes, script.name.size);
  duk_compile_lstring_filename(heap, 0, script.source.bytes, script.source.size);
  duk_call(heap, 0);
  return 1;
}

duk_ret_t call_function(duk_context* heap, void* data) {
  const Call& call = *static_cast<const Call*>(data);
  duk_get_global_lstring(heap, call.function.bytes, call.function.size);
  duk_push_lstring(heap, call.argument.bytes, call.argument.size);
  duk_call(heap, 1);
  duk_require_string(heap, -1);
  return 1;
}

Text text(const std::string& string) { return {string.data(), string.size()}; }

}  // namespace

void ScriptEngine::give_up(void* engine, const char* message) {
  static_cast<ScriptEngine*>(engine)->broken_ = true;
  throw Error(fmt::format("JavaScript engine: {}", message ? message : "fatal error"));
}

ScriptEngine::ScriptEngine(const std::string& source, const std::string& name) : name_(name) {
  heap_ = duk_create_heap(nullptr, nullptr, nullptr, this, &ScriptEngine::give_up);
  if (heap_ == nullptr) throw std::bad_alloc();
  try {
    run(kPrelude, "prelude");
    run(source, name);
  } catch (...) {
    if (!broken_) duk_destroy_heap(heap_);
    throw;
  }
}

ScriptEngine::~ScriptEngine() {
  if (!broken_) duk_destroy_heap(heap_);
}

void ScriptEngine::run(const std::string& source, const std::string& name) {
  Script script{text(source), text(name)};
  if (duk_safe_call(heap_, run_script, &script, 0, 1) != DUK_EXEC_SUCCESS) fail();
  duk_pop(heap_);
}

std::string ScriptEngine::call(const std::string& function, const std::string& argument) {
  Call request{text(function), text(argument)};
  if (duk_safe_call(heap_, call_function, &request, 0, 1) != DUK_EXEC_SUCCESS) fail();
  duk_size_t size = 0;
  const char* bytes = duk_get_lstring(heap_, -1, &size);
  std::string result(bytes, size);
  duk_pop(heap_);
  return result;
}

void ScriptEngine::fail() {
  std::string message = fmt::format("{}: {}", name_, duk_safe_to_stacktrace(heap_, -1));
  duk_pop(heap_);
  throw Error(message);
}

}  // namespace thimble::report
