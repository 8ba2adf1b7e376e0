#include "serve/http/mailbox.hpp"

#include "serve/http/connection.hpp"

namespace thimble::serve {

void Mailbox::send(const std::weak_ptr<Connection>& connection, HttpResponse response) {
  if (std::this_thread::get_id() == owner_.load(std::memory_order_relaxed)) {
    if (const auto alive = connection.lock()) alive->answer(std::move(response));
    return;
  }
  const std::lock_guard lock(mutex_);
  if (io_ == nullptr) return;
  letters_.push_back({connection, std::move(response)});
  // One call of the thread for all that gather until it comes.
  if (letters_.size() == 1) asio::post(*io_, [self = shared_from_this()] { self->deliver(); });
}

void Mailbox::deliver() {
  std::vector<Letter> letters;
  {
    const std::lock_guard lock(mutex_);
    letters.swap(letters_);
  }
  for (Letter& letter : letters) {
    if (const auto alive = letter.connection.lock()) alive->answer(std::move(letter.response));
  }
}

void Mailbox::close() {
  const std::lock_guard lock(mutex_);
  io_ = nullptr;
  letters_.clear();
}

Reply::~Reply() {
  if (answered_.load()) return;
  try {
    answer(problem(500, "Internal error", "The request was dropped."));
  } catch (const std::bad_alloc&) {
    // The connection then waits until it is closed with the others.
  }
}

void Reply::answer(HttpResponse response) {
  if (!answered_.exchange(true)) mailbox_->send(connection_, std::move(response));
}

}  // namespace thimble::serve
