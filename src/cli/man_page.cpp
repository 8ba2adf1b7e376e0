#include "cli/man_page.hpp"

#include <sstream>

#include "base/shipped.hpp"
#include "base/text.hpp"

namespace thimble::cli {
namespace {

/// Text for troff: hyphens that stay hyphens, no line taken for a request.
std::string escaped(const std::string& text) {
  std::string out;
  bool line_start = true;
  for (const char c : text) {
    if (line_start && (c == '.' || c == '\'')) out += "\\&";
    if (c == '\\') {
      out += "\\e";
    } else if (c == '-') {
      out += "\\-";
    } else {
      out += c;
    }
    line_start = c == '\n';
  }
  return out;
}

std::string synopsis(const CommandInfo& command) {
  std::string text = "\\fB" + escaped(command.path) + "\\fR";
  if (!command.commands.empty()) text += " \\fICOMMAND\\fR";
  if (!command.options.empty()) text += " [\\fIOPTIONS\\fR]";
  for (const OptionInfo& argument : command.arguments) {
    const std::string name =
        "\\fI" + escaped(argument.value) + "\\fR" + (argument.repeats ? "..." : "");
    text += argument.required ? " " + name : " [" + name + "]";
  }
  return text;
}

void write_option(const OptionInfo& option, std::ostream& out) {
  out << ".TP\n";
  for (std::size_t i = 0; i < option.names.size(); ++i) {
    out << (i == 0 ? "" : ", ") << "\\fB" << escaped(option.names[i]) << "\\fR";
  }
  if (!option.value.empty()) {
    out << (option.names.empty() ? "" : " ") << "\\fI" << escaped(option.value) << "\\fR";
  }
  out << "\n" << escaped(option.description);
  if (!option.default_value.empty()) out << " (default: " << escaped(option.default_value) << ")";
  out << "\n";
}

void write_command(const CommandInfo& command, std::ostream& out) {
  out << ".SS " << synopsis(command) << "\n" << escaped(command.description) << ".\n";
  for (const OptionInfo& argument : command.arguments) write_option(argument, out);
  for (const OptionInfo& option : command.options) {
    if (option.names.back() != "--help") write_option(option, out);
  }
  if (!command.footer.empty()) {
    out << ".PP\n.nf\n" << escaped(command.footer) << "\n.fi\n";
  }
}

constexpr const char* kEnd = R"(.SH EXIT STATUS
0 on success, 1 if something failed, 2 if the arguments make no sense.
.SH ENVIRONMENT
.TP
\fBTHIMBLE_DATA_DIR\fR
Folder with a folder for each named data set.
.TP
\fBTHIMBLE_RECIPES\fR
Folder of the recipes that \fB\-\-recipe\fR finds by name.
.TP
\fBTHIMBLE_MODELS\fR
Folder of the models that are found by name.
.TP
\fBTHIMBLE_ONNXRUNTIME\fR
File of ONNX Runtime's library, instead of looking for it; for ONNX files alone.
.TP
\fBTHIMBLE_ISA\fR
The widest instruction set to use: portable, avx2, avx512, avx512_bf16 or amx, of those that the
machine has; without it the widest of them. oneDNN keeps to it too, and to its own
ONEDNN_MAX_CPU_ISA. Sums of floating point numbers depend on the set.
.TP
\fBOMP_NUM_THREADS\fR
Threads to use; \fB\-\-threads\fR goes first.
)";

}  // namespace

std::string man_page(const CommandInfo& root) {
  std::ostringstream out;
  out << ".TH THIMBLE 1 \"\" \"thimble " << program_version() << "\" \"User Commands\"\n"
      << ".SH NAME\nthimble \\- train, judge and use classifiers of small product pictures\n"
      << ".SH SYNOPSIS\n"
      << synopsis(root) << "\n.SH DESCRIPTION\n"
      << escaped(root.description) << ".\n.PP\n.nf\n"
      << escaped(root.footer) << "\n.fi\n.SH COMMANDS\n";
  for (const CommandInfo* command : all_commands(root)) {
    if (command->commands.empty()) write_command(*command, out);
  }
  out << kEnd;
  return out.str();
}

}  // namespace thimble::cli
