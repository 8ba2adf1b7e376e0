#include "serve/api/classify_answer.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <numeric>
#include <string_view>

#include <fmt/format.h>

#include "base/base64.hpp"
#include "base/escape.hpp"

namespace thimble::serve {
namespace {

constexpr std::string_view kUnreadable = "Picture cannot be read";
constexpr std::string_view kFailed = "Picture could not be classified";

/// JSON knows neither infinity nor "not a number".
void append_number(std::string& json, double value) {
  if (std::isfinite(value)) {
    fmt::format_to(std::back_inserter(json), "{:.6g}", value);
  } else {
    json += "null";
  }
}

int status_of(const PictureAnswer& picture) { return picture.failed ? 500 : 422; }

void append_error(std::string& json, const PictureAnswer& picture) {
  json += R"("error":{"type":"about:blank","title":)";
  append_json_string(json, picture.failed ? kFailed : kUnreadable);
  fmt::format_to(std::back_inserter(json), R"(,"status":{},"detail":)", status_of(picture));
  append_json_string(json, picture.error);
  json += '}';
}

void append_class(std::string& json, const std::vector<std::string>& classes, std::size_t index,
                  std::string_view figure, double value) {
  json += R"("class":)";
  append_json_string(json, classes[index]);
  fmt::format_to(std::back_inserter(json), R"(,"index":{},"{}":)", index, figure);
  append_number(json, value);
}

void append_notices(std::string& json, const std::vector<Notice>& notices) {
  json += R"("notices":[)";
  for (std::size_t i = 0; i < notices.size(); ++i) {
    json += i == 0 ? R"({"code":)" : R"(,{"code":)";
    append_json_string(json, notices[i].code);
    json += R"(,"message":)";
    append_json_string(json, notices[i].message);
    json += '}';
  }
  json += ']';
}

void append_classes(std::string& json, const PictureAnswer& picture,
                    const std::vector<std::string>& classes, std::size_t top) {
  const std::vector<std::size_t> ranked =
      top_classes(picture.probabilities, std::max<std::size_t>(top, 1));
  append_class(json, classes, ranked.front(), "confidence", picture.probabilities[ranked.front()]);
  json += R"(,"top":[)";
  for (std::size_t rank = 0; rank < ranked.size(); ++rank) {
    json += rank == 0 ? "{" : ",{";
    append_class(json, classes, ranked[rank], "probability", picture.probabilities[ranked[rank]]);
    json += '}';
  }
  json += R"(],"familiar":)";
  json += picture.familiar ? "true" : "false";
  json += R"(,"novelty":)";
  if (picture.novelty) {
    append_number(json, static_cast<double>(*picture.novelty));
  } else {
    json += "null";
  }
  json += ',';
  append_notices(json, picture.notices);
  if (!picture.seen.empty()) {
    json += R"(,"seen":"data:image/png;base64,)";
    json += base64_encode(picture.seen);
    json += '"';
  }
}

void append_results(std::string& json, const JobAnswer& answer, std::size_t top) {
  json += R"("results":[)";
  for (std::size_t i = 0; i < answer.pictures.size(); ++i) {
    const PictureAnswer& picture = answer.pictures[i];
    json += i == 0 ? R"({"name":)" : R"(,{"name":)";
    append_json_string(json, picture.name);
    json += ',';
    if (picture.error.empty()) {
      append_classes(json, picture, answer.model->classifier->description().classes, top);
    } else {
      append_error(json, picture);
    }
    json += '}';
  }
  json += ']';
}

/// Room for an answer, so that it is not moved while it grows.
std::size_t expected_size(const JobAnswer& answer, std::size_t top) {
  std::size_t bytes = 256;
  for (const PictureAnswer& picture : answer.pictures) {
    bytes += 256 + picture.name.size() + picture.error.size() +
             80 * std::min<std::size_t>(top, 100) + picture.seen.size() * 4 / 3;
  }
  return bytes;
}

}  // namespace

std::vector<std::size_t> top_classes(std::span<const float> probabilities, std::size_t count) {
  std::vector<std::size_t> order(probabilities.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  const std::size_t kept = std::min(count, order.size());
  std::partial_sort(
      order.begin(), order.begin() + static_cast<std::ptrdiff_t>(kept), order.end(),
      [&](std::size_t a, std::size_t b) {
        return probabilities[a] != probabilities[b] ? probabilities[a] > probabilities[b] : a < b;
      });
  order.resize(kept);
  return order;
}

bool all_failed(const JobAnswer& answer) {
  return std::ranges::none_of(answer.pictures,
                              [](const PictureAnswer& picture) { return picture.error.empty(); });
}

HttpResponse no_picture_answered(const JobAnswer& answer) {
  const auto failed = std::ranges::find_if(answer.pictures, &PictureAnswer::failed);
  const PictureAnswer& first = failed == answer.pictures.end() ? answer.pictures.front() : *failed;
  std::string detail = first.error;
  if (answer.pictures.size() > 1) {
    detail += fmt::format(" (and {} further: see \"results\")", answer.pictures.size() - 1);
  }
  HttpResponse response = problem(status_of(first), first.failed ? kFailed : kUnreadable, detail);
  if (answer.pictures.size() > 1) {
    // A further member, as RFC 9457 allows: what each of them lacks.
    response.body.pop_back();
    response.body += ',';
    append_results(response.body, answer, 1);
    response.body += '}';
  }
  response.log = log_members(answer);
  return response;
}

HttpResponse classify_answer(const JobAnswer& answer, std::size_t top, double total_ms) {
  if (all_failed(answer)) return no_picture_answered(answer);
  HttpResponse response;
  response.content_type = "application/json";
  response.headers.emplace_back("Cache-Control", "no-store");
  response.log = log_members(answer);
  std::string& json = response.body;
  json.reserve(expected_size(answer, top));
  json += R"({"model":{"name":)";
  append_json_string(json, answer.model->name);
  json += R"(,"version":)";
  append_json_string(json, answer.model->version);
  json += "},";
  append_results(json, answer, top);
  fmt::format_to(
      std::back_inserter(json),
      R"(,"timings":{{"queue_ms":{:.3f},"prepare_ms":{:.3f},"predict_ms":{:.3f},"total_ms":{:.3f}}}}})",
      answer.queue_ms, answer.prepare_ms, answer.predict_ms, total_ms);
  return response;
}

std::vector<std::pair<std::string, std::string>> log_members(const JobAnswer& answer) {
  return {{"model", answer.model->name}, {"pictures", std::to_string(answer.pictures.size())}};
}

}  // namespace thimble::serve
