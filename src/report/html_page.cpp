#include "report/html_page.hpp"

#include <string_view>

#include <fmt/format.h>

#include "base/atomic_file.hpp"
#include "base/escape.hpp"
#include "report/web_files.hpp"

namespace thimble::report {
namespace {

/// Nothing is loaded: what the page shows is all in it.
constexpr std::string_view kContentSecurityPolicy =
    "default-src 'none'; img-src data: blob:; style-src 'unsafe-inline'; "
    "script-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

void replace_all(std::string& text, std::string_view from, std::string_view to) {
  for (std::size_t at = text.find(from); at != std::string::npos;
       at = text.find(from, at + to.size())) {
    text.replace(at, from.size(), to);
  }
}

/// JSON that cannot end the script element it stands in: outside of its strings there is no '<'.
std::string embedded_json(const Report& report) {
  const std::string json =
      to_json(report).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  std::string safe;
  safe.reserve(json.size() + json.size() / 64);
  for (const char c : json) {
    if (c == '<') {
      safe += "\\u003c";
    } else {
      safe += c;
    }
  }
  // Line ends to JavaScript, not to JSON.
  replace_all(safe, "\xE2\x80\xA8", "\\u2028");
  replace_all(safe, "\xE2\x80\xA9", "\\u2029");
  return safe;
}

/// What can be said without a script: title, findings and the figures that stand out.
std::string plain_version(const Report& report) {
  std::string html = fmt::format("<h1>{}</h1><p>{}</p><p>Charts and pictures need JavaScript.</p>",
                                 html_escaped(report.title), html_escaped(report.lead));
  for (const Section& section : report.sections) {
    html += fmt::format("<h2>{}</h2><p>{}</p>", html_escaped(section.title),
                        html_escaped(section.finding));
    for (const Block& block : section.blocks) {
      if (const auto* code = std::get_if<Code>(&block)) {
        html += fmt::format("<pre>{}</pre>", html_escaped(code->text));
      }
      const auto* facts = std::get_if<Facts>(&block);
      if (facts == nullptr) continue;
      html += "<ul>";
      for (const Fact& fact : facts->facts) {
        html +=
            fmt::format("<li>{}: {}{}{}</li>", html_escaped(fact.label), html_escaped(fact.value),
                        fact.note.empty() ? "" : ", ", html_escaped(fact.note));
      }
      html += "</ul>";
    }
  }
  for (const std::string& note : report.notes) html += fmt::format("<p>{}</p>", html_escaped(note));
  return html;
}

}  // namespace

std::string html_page(const Report& report) {
  const std::string script = read_web_file("report.js");
  const std::string style = read_web_file("report.css");
  std::string html = fmt::format(
      "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta http-equiv=\"Content-Security-Policy\" content=\"{}\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<meta name=\"generator\" content=\"Thimble\">\n"
      "<link rel=\"icon\" href=\"data:,\">\n<title>{}</title>\n<style>",
      kContentSecurityPolicy, html_escaped(report.title));
  html += style;
  html += "</style>\n</head>\n<body>\n<div id=\"app\"></div>\n<noscript>";
  html += plain_version(report);
  html += "</noscript>\n<script type=\"application/json\" id=\"report-data\">";
  html += embedded_json(report);
  html += "</script>\n<script>";
  html += script;
  html += "</script>\n</body>\n</html>\n";
  return html;
}

void write_html(const std::filesystem::path& path, const Report& report) {
  write_file(path, html_page(report));
}

}  // namespace thimble::report
