#include "serve/http/chunk_decoder.hpp"

#include <algorithm>

#include "serve/http/request_target.hpp"

namespace thimble::serve {
namespace {

// Room that a body may take beyond what came of it.
constexpr std::size_t kGrowth = 4;

bool is_text(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return c == '\t' || (byte >= 0x20 && byte != 0x7F);
}

}  // namespace

void append_to_body(std::string_view piece, std::size_t expected, std::string& body) {
  const std::size_t size = body.size() + piece.size();
  if (size > body.capacity()) body.reserve(std::min(kGrowth * size, expected));
  body += piece;
}

std::size_t ChunkDecoder::feed(std::string_view bytes, std::string& body) {
  begun_ = begun_ || !bytes.empty();
  std::size_t taken = 0;
  while (taken < bytes.size() && status_ == Status::more) {
    if (expects_ != Expects::data) {
      take(bytes[taken++], body);
      continue;
    }
    const std::string_view data = bytes.substr(taken, left_);
    append_to_body(data, max_body_, body);
    taken += data.size();
    left_ -= data.size();
    if (left_ == 0) expects_ = Expects::data_return;
  }
  return taken;
}

void ChunkDecoder::take(char c, const std::string& body) {
  const auto follow = [&](bool fits, Expects next) {
    if (fits) {
      expects_ = next;
    } else {
      status_ = Status::malformed;
    }
  };
  if (++frame_ > max_frame_) {
    status_ = Status::malformed;
    return;
  }
  switch (expects_) {
    case Expects::first_digit:
    case Expects::size:
      return take_digit(c, body);
    case Expects::extension:
      return c == '\r' ? follow(true, Expects::size_line_feed)
                       : follow(is_text(c), Expects::extension);
    case Expects::size_line_feed:
      frame_ = 0;
      return follow(c == '\n', left_ > 0 ? Expects::data : Expects::trailer_begin);
    case Expects::data_return:
      return follow(c == '\r', Expects::data_line_feed);
    case Expects::data_line_feed:
      frame_ = 0;
      return follow(c == '\n', Expects::first_digit);
    case Expects::trailer_begin:
      return c == '\r' ? follow(true, Expects::last_line_feed)
                       : follow(is_text(c), Expects::trailer);
    case Expects::trailer:
      return c == '\r' ? follow(true, Expects::trailer_line_feed)
                       : follow(is_text(c), Expects::trailer);
    case Expects::trailer_line_feed:
      return follow(c == '\n', Expects::trailer_begin);
    case Expects::last_line_feed:
      status_ = c == '\n' ? Status::complete : Status::malformed;
      return;
    case Expects::data:
      return;
  }
}

void ChunkDecoder::take_digit(char c, const std::string& body) {
  const int digit = hex_value(c);
  if (digit >= 0) {
    expects_ = Expects::size;
    const std::size_t room = max_body_ - body.size();
    // Compared digit by digit, so that no size overflows.
    left_ = left_ * 16 + static_cast<std::size_t>(digit);
    if (left_ > room) status_ = Status::too_large;
    return;
  }
  if (expects_ == Expects::first_digit || (c != '\r' && c != ';')) {
    status_ = Status::malformed;
    return;
  }
  expects_ = c == '\r' ? Expects::size_line_feed : Expects::extension;
}

}  // namespace thimble::serve
