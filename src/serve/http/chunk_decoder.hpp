// The chunked transfer coding (RFC 9112, section 7.1).

#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace thimble::serve {

/// Appends a piece of a body of `expected` bytes. Memory grows with what came, not with what was
/// announced, and yet seldom.
void append_to_body(std::string_view piece, std::size_t expected, std::string& body);

/// Takes the frames off a chunked body. Keeps no bytes but the body's: a frame is read byte by
/// byte, so that what comes of it does not depend on the pieces in which it comes. (Beast's own
/// reader looks for the end of a chunk's extension beyond its line.)
///
/// Extensions and trailers are skipped.
class ChunkDecoder {
 public:
  enum class Status { more, complete, malformed, too_large };

  /// @param max_body   bytes of the body
  /// @param max_frame  bytes of one chunk's line, and of all trailers
  ChunkDecoder(std::size_t max_body, std::size_t max_frame)
      : max_body_(max_body), max_frame_(max_frame) {}

  /// Appends to `body` what `bytes` hold of it.
  /// @return  how many bytes it took: all but those behind the end
  std::size_t feed(std::string_view bytes, std::string& body);

  Status status() const { return status_; }
  /// Has it taken a byte?
  bool begun() const { return begun_; }

 private:
  enum class Expects {
    first_digit,
    size,
    extension,
    size_line_feed,
    data,
    data_return,
    data_line_feed,
    trailer_begin,
    trailer,
    trailer_line_feed,
    last_line_feed
  };

  void take(char c, const std::string& body);
  void take_digit(char c, const std::string& body);

  std::size_t max_body_;
  std::size_t max_frame_;
  Status status_ = Status::more;
  bool begun_ = false;
  Expects expects_ = Expects::first_digit;
  std::size_t frame_ = 0;  // bytes of the line, or the trailers
  std::size_t left_ = 0;   // bytes of the chunk
};

}  // namespace thimble::serve
