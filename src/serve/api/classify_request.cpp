#include "serve/api/classify_request.hpp"

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "base/escape.hpp"
#include "base/text.hpp"
#include "serve/api/classify_json.hpp"
#include "serve/api/media_type.hpp"
#include "serve/api/multipart.hpp"
#include "serve/api/request_error.hpp"
#include "serve/api/request_settings.hpp"

namespace thimble::serve {
namespace {

constexpr std::size_t kMaxNameBytes = 255;
constexpr std::size_t kFurtherParts = 8;  // of a form, beside the pictures
constexpr std::size_t kSlowBytes = 262'144;

/// Does it begin as a file of one of the formats that can be read?
bool begins_as_picture(std::string_view body) {
  return body.starts_with("\x89PNG") || body.starts_with("\xFF\xD8\xFF") ||
         (body.starts_with("RIFF") &&
          body.substr(std::min<std::size_t>(8, body.size())).starts_with("WEBP"));
}

/// A name that can stand in messages and JSON: UTF-8, of one line, not too long.
std::string presentable(std::string_view name) {
  std::string text = valid_utf8(name.substr(0, kMaxNameBytes));
  for (char& c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) c = ' ';
  }
  return text;
}

/// Names for all pictures that have none.
void complete_names(std::vector<EncodedPicture>& pictures) {
  for (std::size_t i = 0; i < pictures.size(); ++i) {
    std::string& name = pictures[i].name;
    name = presentable(name);
    if (name.empty()) {
      name = pictures.size() == 1 ? "picture" : fmt::format("picture {}", i + 1);
    }
  }
}

void require_pictures(const std::vector<EncodedPicture>& pictures, const char* remedy) {
  if (pictures.empty()) {
    throw RequestError(400, "No picture", fmt::format("The request has no picture; {}", remedy));
  }
}

struct Form {
  std::vector<EncodedPicture> pictures;
  std::vector<std::pair<std::string, std::string>> fields;
};

Form read_form(const HttpRequest& request, std::size_t max_pictures) {
  Form form;
  for (FormPart& part : parse_multipart(request.header("content-type"), request.body,
                                        max_pictures + kFurtherParts)) {
    if (!part.has_file_name) {
      form.fields.emplace_back(std::move(part.name), part.content);
      continue;
    }
    // What a browser sends where no file was chosen.
    if (part.file_name.empty() && part.content.empty()) continue;
    if (form.pictures.size() == max_pictures) {
      throw RequestError(
          413, "Too many pictures",
          fmt::format("more than {} pictures in one request; send several requests", max_pictures));
    }
    form.pictures.push_back({std::move(part.file_name), std::string(part.content)});
  }
  return form;
}

void read_form_request(const HttpRequest& request, std::size_t max_pictures,
                       const RequestSettings& query, ClassifyRequest& result) {
  Form form = read_form(request, max_pictures);
  RequestSettings settings;
  for (const auto& [name, value] : form.fields) {
    if (name == "picture" || name == "pictures" || name == "file") {
      throw RequestError(400, "Form not understood",
                         fmt::format("form field '{}' has no file name, so it is not taken for a "
                                     "picture (curl -F '{}=@shoe.jpg' sends one)",
                                     name, name));
    }
    settings.set("form field", name, value);
  }
  result.job.pictures = std::move(form.pictures);
  query.apply(settings, result);
  require_pictures(result.job.pictures, "each part with a file name is one");
}

void read_json_request(const HttpRequest& request, std::size_t max_pictures,
                       const RequestSettings& query, ClassifyRequest& result) {
  ClassifyJson json = parse_classify_json(request.body, max_pictures);
  result.job.pictures = std::move(json.pictures);
  query.apply(json.settings, result);
  require_pictures(result.job.pictures, "'pictures' is empty");
}

void read_picture_request(HttpRequest& request, const std::string& type,
                          const RequestSettings& query, ClassifyRequest& result) {
  if (request.body.empty()) {
    throw RequestError(400, "No picture",
                       "The body is empty; it must be a PNG, JPEG or WebP file, a form or JSON");
  }
  const bool may_be_any = type.empty() || type == "application/octet-stream";
  if (!may_be_any && !type.starts_with("image/") && !begins_as_picture(request.body)) {
    throw RequestError(415, "Kind of body not known",
                       fmt::format("Content-Type is {}, expected image/png, image/jpeg, "
                                   "image/webp, multipart/form-data or application/json",
                                   type.substr(0, 80)));
  }
  result.job.pictures.push_back({"", std::move(request.body)});
  query.apply({}, result);
}

void require_plain_body(const HttpRequest& request) {
  const std::string_view encoding = request.header("content-encoding");
  if (!encoding.empty() && to_lower(encoding) != "identity") {
    throw RequestError(
        415, "Kind of body not known",
        fmt::format("Content-Encoding is {}; send the body as it is", encoding.substr(0, 40)));
  }
}

/// Only the type of Content-Type: nothing else of it matters but a form's boundary.
std::string type_of(const HttpRequest& request) {
  const std::string_view value = request.header("content-type");
  return to_lower(trim(value.substr(0, value.find(';'))));
}

}  // namespace

ClassifyRequest parse_classify_request(HttpRequest& request, std::size_t max_pictures) {
  require_plain_body(request);
  const RequestSettings query = RequestSettings::of_query(request.query);
  const std::string type = type_of(request);
  ClassifyRequest result;
  if (type == "multipart/form-data") {
    read_form_request(request, max_pictures, query, result);
  } else if (type == "application/json") {
    read_json_request(request, max_pictures, query, result);
  } else {
    read_picture_request(request, type, query, result);
  }
  complete_names(result.job.pictures);
  return result;
}

ClassifyForm parse_classify_form(HttpRequest& request, std::size_t max_pictures) {
  require_plain_body(request);
  if (type_of(request) != "multipart/form-data") {
    throw RequestError(415, "Kind of body not known", "The form sends multipart/form-data");
  }
  Form form = read_form(request, max_pictures);
  ClassifyForm result;
  RequestSettings settings;
  for (auto& [name, value] : form.fields) {
    if (name == "token") {
      result.token = std::move(value);
    } else {
      settings.set("form field", name, value);
    }
  }
  settings.apply({}, result.request);
  result.request.job.seen = true;
  result.request.job.pictures = std::move(form.pictures);
  require_pictures(result.request.job.pictures, "choose one");
  complete_names(result.request.job.pictures);
  return result;
}

bool is_slow_to_parse(const HttpRequest& request) {
  if (request.body.size() < kSlowBytes) return false;
  const std::string type = type_of(request);
  return type == "application/json" || type == "multipart/form-data";
}

}  // namespace thimble::serve
