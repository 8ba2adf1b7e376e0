// The connections of one thread, and by when each must have done what it is at.

#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <list>
#include <memory>
#include <vector>

#include "serve/http_server.hpp"

namespace thimble::serve {

class Connection;

/// What a connection is at.
enum class Stage {
  idle,       ///< between requests
  head,       ///< a header comes in
  body,       ///< a body comes in
  handling,   ///< the handler has the request
  writing,    ///< the client takes the answer slowly
  lingering,  ///< answered for the last time; what still comes in is read and forgotten, since
              ///< closing at once would make TCP take back the answer
};

/// A list of connections for each stage. As a stage has one time limit, whoever comes later is due
/// later: setting a deadline is moving a list node to an end, and looking for those that are over
/// is looking at the fronts. No timer for each connection, and nothing to do for a slow one.
class ConnectionTable {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  struct Entry {
    std::shared_ptr<Connection> connection;
    Stage stage;
    TimePoint deadline;
  };
  using Place = std::list<Entry>::iterator;

  explicit ConnectionTable(const HttpOptions& options);

  /// In the stage `idle`.
  Place add(std::shared_ptr<Connection> connection, TimePoint now);
  void move(Place place, Stage stage, TimePoint now);
  void remove(Place place);

  bool empty() const;
  /// One whose deadline is over; null if there is none.
  std::shared_ptr<Connection> overdue(TimePoint now) const;
  std::vector<std::shared_ptr<Connection>> in_stage(Stage stage) const;
  std::vector<std::shared_ptr<Connection>> all() const;

  /// How often it is worth while to ask for those that are overdue.
  std::chrono::milliseconds tick() const { return tick_; }

 private:
  static constexpr std::size_t kStages = 6;

  std::list<Entry>& list(Stage stage) { return lists_[static_cast<std::size_t>(stage)]; }
  TimePoint deadline(Stage stage, TimePoint now) const;

  std::array<std::list<Entry>, kStages> lists_;
  std::array<std::chrono::milliseconds, kStages> limits_;  // 0: none
  std::chrono::milliseconds tick_;
};

}  // namespace thimble::serve
