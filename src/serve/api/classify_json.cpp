#include "serve/api/classify_json.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/base64.hpp"
#include "base/escape.hpp"
#include "base/text.hpp"
#include "serve/api/request_error.hpp"

namespace thimble::serve {
namespace {

using nlohmann::json;

const std::array<std::string, 4> kRootMembers{"pictures", "model", "top", "seen"};
const std::array<std::string, 2> kPictureMembers{"name", "data"};

[[noreturn]] void refuse(const std::string& detail) {
  throw RequestError(400, "JSON not understood", detail);
}

/// The picture's bytes, of base64 or a data: URL with it.
std::string decode(std::string_view data, const std::string& place) {
  if (data.starts_with("data:")) {
    constexpr std::string_view kMark = ";base64,";
    const std::size_t mark = data.substr(0, 256).find(kMark);
    if (mark == std::string_view::npos) {
      refuse(place + ": a data: URL without ';base64,', expected data:image/png;base64,...");
    }
    data.remove_prefix(mark + kMark.size());
  }
  try {
    return base64_decode(data);
  } catch (const DataError& error) {
    refuse(fmt::format("{}: not base64: {}", place, error.what()));
  }
}

/// What nlohmann's messages say behind their number, without the text that was read last, which may
/// be megabytes of a picture.
std::string syntax_error(const std::string& message) {
  const std::size_t begin = message.find("] ");
  const std::size_t end = message.find("; last read");
  const std::string text = message.substr(begin == std::string::npos ? 0 : begin + 2);
  const std::size_t length =
      end == std::string::npos ? text.size() : end - (message.size() - text.size());
  return valid_utf8(text.substr(0, std::min<std::size_t>(length, 300)));
}

/// Takes the body as it is read, so that no tree of it is built and nothing nests deeper than it
/// may.
class BodyReader final : public nlohmann::json_sax<json> {
 public:
  explicit BodyReader(std::size_t max_pictures) : max_pictures_(max_pictures) {}

  ClassifyJson take() {
    if (!pictures_given_) refuse("no member 'pictures'");
    return std::move(result_);
  }

  bool null() override { unexpected("null"); }
  bool boolean(bool value) override {
    if (level_ != Level::root || member_ != "seen") unexpected(value ? "true" : "false");
    result_.settings.seen = value;
    return true;
  }
  bool number_integer(number_integer_t value) override { unexpected(std::to_string(value)); }
  bool number_unsigned(number_unsigned_t value) override {
    if (level_ != Level::root || member_ != "top" || value < 1) unexpected(std::to_string(value));
    result_.settings.top = static_cast<std::size_t>(value);
    return true;
  }
  bool number_float(number_float_t, const string_t& text) override {
    unexpected(text.substr(0, 40));
  }
  bool binary(binary_t&) override { unexpected("binary"); }
  bool string(string_t& text) override;
  bool start_object(std::size_t) override;
  bool key(string_t& name) override;
  bool end_object() override;
  bool start_array(std::size_t) override;
  bool end_array() override;
  bool parse_error(std::size_t, const std::string&, const json::exception& error) override {
    refuse(syntax_error(error.what()));
  }

 private:
  enum class Level { outside, root, pictures, picture };

  std::string place() const;
  const char* expected() const;
  [[noreturn]] void unexpected(const std::string& found) const {
    refuse(fmt::format("{} is {}, expected {}", place(), found, expected()));
  }

  std::size_t max_pictures_;
  ClassifyJson result_;
  Level level_ = Level::outside;
  std::string member_;
  std::uint32_t members_seen_ = 0;  // of the root, a bit each
  bool name_given_ = false;         // of the picture being read
  bool data_given_ = false;
  bool pictures_given_ = false;
};

std::string BodyReader::place() const {
  switch (level_) {
    case Level::outside:
      return "the body";
    case Level::root:
      return fmt::format("'{}'", member_);
    case Level::pictures:
      return fmt::format("pictures[{}]", result_.pictures.size());
    case Level::picture:
      return fmt::format("pictures[{}].{}", result_.pictures.size() - 1, member_);
  }
  return "";
}

const char* BodyReader::expected() const {
  switch (level_) {
    case Level::outside:
      return "an object: {\"pictures\": [{\"data\": \"<base64>\"}]}";
    case Level::root:
      return member_ == "pictures" ? "an array of objects"
             : member_ == "model"  ? "a string"
             : member_ == "top"    ? "a whole number from 1"
                                   : "true or false";
    case Level::pictures:
      return "an object: {\"name\": \"shoe.jpg\", \"data\": \"<base64>\"}";
    case Level::picture:
      return "a string";
  }
  return "";
}

bool BodyReader::string(string_t& text) {
  if (level_ == Level::picture) {
    EncodedPicture& picture = result_.pictures.back();
    if (member_ == "name") {
      picture.name = std::move(text);
    } else {
      picture.bytes = decode(text, place());
    }
    return true;
  }
  if (level_ != Level::root || member_ != "model") unexpected("a string");
  result_.settings.model = std::move(text);
  return true;
}

bool BodyReader::start_object(std::size_t) {
  if (level_ == Level::outside) {
    level_ = Level::root;
    return true;
  }
  if (level_ != Level::pictures) unexpected("an object");
  if (result_.pictures.size() == max_pictures_) {
    throw RequestError(
        413, "Too many pictures",
        fmt::format("more than {} pictures in one request; send several requests", max_pictures_));
  }
  result_.pictures.emplace_back();
  level_ = Level::picture;
  name_given_ = data_given_ = false;
  return true;
}

bool BodyReader::key(string_t& name) {
  member_ = std::move(name);
  bool twice = false;
  if (level_ == Level::picture) {
    if (member_ != "name" && member_ != "data") {
      refuse(fmt::format("pictures[{}]: {}", result_.pictures.size() - 1,
                         unknown_name("member", member_.substr(0, 80), kPictureMembers)));
    }
    twice = std::exchange(member_ == "name" ? name_given_ : data_given_, true);
  } else {
    const auto known = std::find(kRootMembers.begin(), kRootMembers.end(), member_);
    if (known == kRootMembers.end()) {
      refuse(unknown_name("member", member_.substr(0, 80), kRootMembers));
    }
    const std::uint32_t bit = 1u << (known - kRootMembers.begin());
    twice = (std::exchange(members_seen_, members_seen_ | bit) & bit) != 0;
  }
  if (twice) refuse(fmt::format("{} is there twice", place()));
  return true;
}

bool BodyReader::end_object() {
  if (level_ == Level::picture) {
    if (!data_given_) {
      refuse(fmt::format("pictures[{}]: no member 'data'", result_.pictures.size() - 1));
    }
    level_ = Level::pictures;
  } else {
    level_ = Level::outside;
  }
  return true;
}

bool BodyReader::start_array(std::size_t) {
  if (level_ != Level::root || member_ != "pictures") unexpected("an array");
  level_ = Level::pictures;
  pictures_given_ = true;
  return true;
}

bool BodyReader::end_array() {
  level_ = Level::root;
  return true;
}

}  // namespace

ClassifyJson parse_classify_json(std::string_view body, std::size_t max_pictures) {
  BodyReader reader(max_pictures);
  json::sax_parse(body.begin(), body.end(), &reader);
  return reader.take();
}

}  // namespace thimble::serve
