#include "serve/http/request_parser.hpp"

#include <algorithm>
#include <boost/beast/http/basic_parser.hpp>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <utility>

#include "base/text.hpp"
#include "serve/http/chunk_decoder.hpp"
#include "serve/http/request_target.hpp"

namespace thimble::serve {
namespace {

namespace http = boost::beast::http;
using boost::beast::error_code;
using boost::beast::iequals;

Refusal malformed(std::string_view detail) {
  return {problem(400, "Malformed request", detail), "malformed"};
}

Refusal header_too_large(std::size_t limit) {
  return {problem(431, "Header too large",
                  "The request's header is over the limit of " + format_bytes(limit) + "."),
          "header_too_large"};
}

Refusal body_too_large(std::size_t limit) {
  return {problem(413, "Body too large",
                  "The request's body is over the limit of " + format_bytes(limit) +
                      "; send fewer or smaller pictures at a time."),
          "body_too_large"};
}

/// "... HTTP/2.0" is another version, "... HTTPS" nothing.
bool names_a_version(std::string_view request_line) {
  const std::size_t space = request_line.rfind(' ');
  const std::string_view version =
      space == std::string_view::npos ? "" : request_line.substr(space + 1);
  return version.size() == 8 && version.starts_with("HTTP/");
}

}  // namespace

/// Finds the end of the head, and gives the head as a whole to Beast's parser: its limits hold for
/// each piece that it takes, and it unfolds fields.
class RequestParser::Impl final : public http::basic_parser<true> {
 public:
  explicit Impl(const RequestLimits& limits)
      : limits_(limits), chunks_(limits.body_bytes, limits.header_bytes) {
    // The limit was checked before a byte of it comes here.
    header_limit(std::numeric_limits<std::uint32_t>::max());
    body_limit(limits.body_bytes);
  }

  std::size_t feed(std::string_view bytes) {
    const std::size_t size = bytes.size();
    while (!bytes.empty() && (stage_ == Stage::head || stage_ == Stage::body)) {
      bytes.remove_prefix(stage_ == Stage::head ? feed_head(bytes)
                          : chunked()           ? feed_chunks(bytes)
                                                : feed_body(bytes));
    }
    return stage_ == Stage::refused ? size : size - bytes.size();
  }

  Stage stage() const { return stage_; }
  bool http_1_0() const { return http_1_0_; }
  bool expects_continue() const {
    return stage_ == Stage::body && expects_continue_ && request_.body.empty() && !chunks_.begun();
  }
  HttpRequest& request() { return request_; }
  Refusal& refusal() { return *refusal_; }

 private:
  void refuse(Refusal refusal) {
    refusal_ = std::move(refusal);
    stage_ = Stage::refused;
    pending_ = {};
  }

  std::size_t feed_head(std::string_view bytes) {
    if (pending_.empty()) {
      // Some clients send an empty line behind a body.
      const std::size_t line_ends = std::min(bytes.find_first_not_of("\r\n"), bytes.size());
      if (line_ends > 0) return line_ends;
      if (const std::size_t end = find_head_end(bytes); end > 0) {
        parse_head(bytes.substr(0, end));
        return end;
      }
      if (stage_ == Stage::head) pending_ = bytes;
      return bytes.size();
    }
    const std::size_t before = pending_.size();
    pending_ += bytes.substr(0, limits_.header_bytes + 1 - std::min(before, limits_.header_bytes));
    const std::size_t end = find_head_end(pending_);
    if (stage_ == Stage::refused) return bytes.size();
    if (end == 0) return pending_.size() - before;
    const std::string head = std::move(pending_);
    pending_.clear();
    parse_head(std::string_view(head).substr(0, end));
    return end - before;
  }

  /// Behind the empty line that ends the head; 0 if it has not come, or the head is refused.
  std::size_t find_head_end(std::string_view head) {
    const auto first = static_cast<unsigned char>(head[0] | 0x20);
    if (first < 'a' || first > 'z') {
      refuse(malformed("This is not HTTP."));
      return 0;
    }
    for (;;) {
      const std::size_t line_feed = head.find('\n', std::max(line_, searched_));
      if (std::min(line_feed, head.size() - 1) >= limits_.header_bytes) {
        refuse(header_too_large(limits_.header_bytes));
        return 0;
      }
      if (line_feed == std::string_view::npos) break;
      const std::string_view line = head.substr(line_, line_feed - line_);
      if (!line.ends_with('\r')) {
        refuse(malformed("A line of the header does not end in CR LF."));
        return 0;
      }
      if (line.size() == 1) return line_feed + 1;
      if (line[0] == ' ' || line[0] == '\t') {
        refuse(malformed("A field of the header is folded over several lines."));
        return 0;
      }
      line_ = line_feed + 1;
    }
    searched_ = head.size();
    return 0;
  }

  void parse_head(std::string_view head) {
    request_.headers.reserve(8);
    error_code error;
    put(boost::asio::const_buffer(head.data(), head.size()), error);
    if (error) return refuse(refusal_for(error, head));
    if (hosts_ != 1 && !http_1_0_) {
      return refuse(malformed("A request has one Host field in its header."));
    }
    if (http_1_0_ && chunked()) {
      return refuse(malformed("HTTP/1.0 has no Transfer-Encoding."));
    }
    if (stage_ == Stage::head) stage_ = Stage::body;
  }

  Refusal refusal_for(const error_code& error, std::string_view head) const {
    if (error == http::error::body_limit) return body_too_large(limits_.body_bytes);
    if (error == http::error::bad_version &&
        names_a_version(head.substr(0, std::min(head.find('\r'), head.size())))) {
      return {problem(505, "HTTP version not supported", "Use HTTP/1.1."), "version"};
    }
    if (!complaint_.empty()) return malformed(complaint_);
    return malformed("The request cannot be read: " + error.message() + ".");
  }

  std::size_t feed_body(std::string_view bytes) {
    const std::uint64_t missing = *content_length() - request_.body.size();
    const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(missing, bytes.size()));
    append_to_body(bytes.substr(0, count), static_cast<std::size_t>(*content_length()),
                   request_.body);
    if (count == missing) stage_ = Stage::complete;
    return count;
  }

  std::size_t feed_chunks(std::string_view bytes) {
    const std::size_t taken = chunks_.feed(bytes, request_.body);
    if (chunks_.status() == ChunkDecoder::Status::complete) stage_ = Stage::complete;
    if (chunks_.status() == ChunkDecoder::Status::too_large) {
      refuse(body_too_large(limits_.body_bytes));
    } else if (chunks_.status() == ChunkDecoder::Status::malformed) {
      refuse(malformed("The body's chunks cannot be read."));
    }
    return taken;
  }

  void on_request_impl(http::verb, boost::beast::string_view method,
                       boost::beast::string_view target, int version, error_code& error) override {
    request_.method.assign(method.data(), method.size());
    http_1_0_ = version == 10;
    std::optional<RequestTarget> parts = parse_request_target({target.data(), target.size()});
    if (!parts) return complain("The address is malformed.", error);
    request_.path = std::move(parts->path);
    request_.query = std::move(parts->query);
  }

  void on_field_impl(http::field field, boost::beast::string_view name,
                     boost::beast::string_view value, error_code& error) override {
    switch (field) {
      case http::field::host:
        ++hosts_;
        break;
      case http::field::content_length:
        if (++lengths_ > 1 || value.find(',') != value.npos) {
          return complain("Content-Length is given several times.", error);
        }
        break;
      case http::field::transfer_encoding:
        if (!iequals(value, "chunked")) {
          return complain("The only Transfer-Encoding is 'chunked'.", error);
        }
        break;
      case http::field::expect:
        expects_continue_ = !http_1_0_ && iequals(value, "100-continue");
        break;
      default:
        break;
    }
    request_.headers.emplace_back(to_lower({name.data(), name.size()}),
                                  std::string(value.data(), value.size()));
  }

  void complain(std::string_view complaint, error_code& error) {
    complaint_ = complaint;
    error = http::error::bad_value;
  }

  void on_finish_impl(error_code&) override { stage_ = Stage::complete; }

  void on_header_impl(error_code&) override {}
  void on_body_init_impl(const boost::optional<std::uint64_t>&, error_code&) override {}
  std::size_t on_body_impl(boost::beast::string_view, error_code&) override { return 0; }
  void on_chunk_header_impl(std::uint64_t, boost::beast::string_view, error_code&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, boost::beast::string_view, error_code&) override {
    return 0;
  }
  void on_response_impl(int, boost::beast::string_view, int, error_code&) override {}

  RequestLimits limits_;
  HttpRequest request_;
  Stage stage_ = Stage::head;
  std::optional<Refusal> refusal_;
  std::string_view complaint_;

  std::string pending_;       // of a head that has not come in full
  std::size_t line_ = 0;      // of the head: where the line under way begins
  std::size_t searched_ = 0;  // of the head: no line feed between `line_` and here
  ChunkDecoder chunks_;

  int hosts_ = 0;
  int lengths_ = 0;
  bool http_1_0_ = false;
  bool expects_continue_ = false;
};

RequestParser::RequestParser(const RequestLimits& limits) : impl_(std::make_unique<Impl>(limits)) {}
RequestParser::~RequestParser() = default;
RequestParser::RequestParser(RequestParser&&) noexcept = default;
RequestParser& RequestParser::operator=(RequestParser&&) noexcept = default;

std::size_t RequestParser::feed(std::string_view bytes) { return impl_->feed(bytes); }
RequestParser::Stage RequestParser::stage() const { return impl_->stage(); }
bool RequestParser::keep_alive() const { return impl_->keep_alive(); }
bool RequestParser::is_http_1_0() const { return impl_->http_1_0(); }
bool RequestParser::expects_continue() const { return impl_->expects_continue(); }
HttpRequest& RequestParser::request() { return impl_->request(); }
Refusal& RequestParser::refusal() { return impl_->refusal(); }

}  // namespace thimble::serve
