#include "serve/api/form_page.hpp"

#include <string_view>

#include <fmt/format.h>

#include "base/base64.hpp"
#include "base/escape.hpp"
#include "serve/api/classify_answer.hpp"
#include "serve/api/pages.hpp"

namespace thimble::serve {
namespace {

std::string model_choice(const FormPage& form) {
  if (form.models.size() < 2) return "";
  std::string html = "<label for=\"model\">Model</label>\n<select id=\"model\" name=\"model\">\n";
  for (const auto& model : form.models) {
    html += fmt::format("<option>{}</option>\n", html_escaped(model->name));
  }
  return html + "</select>\n";
}

std::string token_field(const FormPage& form) {
  if (!form.asks_token) return "";
  return "<label for=\"token\">Token</label>\n"
         "<input id=\"token\" type=\"password\" name=\"token\" autocomplete=\"off\" required>\n";
}

/// form.html with its two places filled in.
std::string page(const FormPage& form, std::string_view answer) {
  std::string html(page_file("form.html"));
  const auto fill = [&](std::string_view place, std::string_view content) {
    const std::size_t at = html.find(place);
    if (at != std::string::npos) html.replace(at, place.size(), content);
  };
  // The answer last: it may hold what a client wrote.
  fill("<!--fields-->", model_choice(form) + token_field(form));
  fill("<!--answer-->", answer);
  return html;
}

std::string class_bars(const PictureAnswer& picture, const std::vector<std::string>& classes,
                       std::size_t top) {
  std::string html = "<table>\n";
  for (const std::size_t index : top_classes(picture.probabilities, top)) {
    const double share = static_cast<double>(picture.probabilities[index]);
    html += fmt::format(
        "<tr><th scope=\"row\">{0}</th><td><meter value=\"{1:.4f}\">{2:.1f} %</meter></td>"
        "<td>{2:.1f} %</td></tr>\n",
        html_escaped(classes[index]), share, 100 * share);
  }
  return html + "</table>\n";
}

std::string picture_result(const PictureAnswer& picture, const std::vector<std::string>& classes,
                           std::size_t top) {
  std::string html =
      fmt::format("<article>\n<h3>{}</h3>\n", html_escaped(valid_utf8(picture.name)));
  if (!picture.error.empty()) {
    return html + fmt::format("<p class=\"problem\">{}</p>\n</article>\n",
                              html_escaped(valid_utf8(picture.error)));
  }
  if (!picture.seen.empty()) {
    html += fmt::format(
        "<figure><img src=\"data:image/png;base64,{}\" alt=\"{}\">"
        "<figcaption>As the model saw it</figcaption></figure>\n",
        base64_encode(picture.seen), "The picture as the model saw it");
  }
  html += class_bars(picture, classes, top);
  for (const Notice& notice : picture.notices) {
    html += fmt::format("<p class=\"notice\">{}</p>\n", html_escaped(notice.message));
  }
  return html + "</article>\n";
}

}  // namespace

std::string form_page(const FormPage& form) { return page(form, ""); }

std::string result_page(const FormPage& form, const JobAnswer& answer, std::size_t top) {
  const std::vector<std::string>& classes = answer.model->classifier->description().classes;
  std::string html =
      fmt::format("<section aria-labelledby=\"answer\">\n<h2 id=\"answer\">Answer of {}</h2>\n",
                  html_escaped(answer.model->name));
  for (const PictureAnswer& picture : answer.pictures)
    html += picture_result(picture, classes, top);
  return page(form, html + "</section>\n");
}

std::string error_page(const FormPage& form, const std::string& title, const std::string& detail) {
  return page(form,
              fmt::format("<section role=\"alert\">\n<h2>{}</h2>\n<p class=\"problem\">{}</p>\n"
                          "</section>\n",
                          html_escaped(title), html_escaped(valid_utf8(detail))));
}

}  // namespace thimble::serve
