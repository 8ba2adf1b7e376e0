#include "serve/http/connection_table.hpp"

#include <algorithm>
#include <utility>

namespace thimble::serve {
namespace {

using std::chrono::milliseconds;

// For the client to read the answer and to stop sending.
constexpr milliseconds kLinger{2000};
constexpr milliseconds kLongestTick{250};
constexpr milliseconds kShortestTick{5};

}  // namespace

ConnectionTable::ConnectionTable(const HttpOptions& options)
    : limits_{options.idle_timeout, options.header_timeout, options.body_timeout,
              milliseconds(0),      options.write_timeout,  kLinger},
      tick_(kLongestTick) {
  for (const milliseconds limit : limits_) {
    if (limit.count() > 0) tick_ = std::min(tick_, std::max(limit / 8, kShortestTick));
  }
}

ConnectionTable::TimePoint ConnectionTable::deadline(Stage stage, TimePoint now) const {
  const milliseconds limit = limits_[static_cast<std::size_t>(stage)];
  return limit.count() == 0 ? TimePoint::max() : now + limit;
}

ConnectionTable::Place ConnectionTable::add(std::shared_ptr<Connection> connection, TimePoint now) {
  std::list<Entry>& idle = list(Stage::idle);
  return idle.insert(idle.end(), {std::move(connection), Stage::idle, deadline(Stage::idle, now)});
}

void ConnectionTable::move(Place place, Stage stage, TimePoint now) {
  std::list<Entry>& to = list(stage);
  to.splice(to.end(), list(place->stage), place);
  place->stage = stage;
  place->deadline = deadline(stage, now);
}

void ConnectionTable::remove(Place place) { list(place->stage).erase(place); }

bool ConnectionTable::empty() const {
  return std::all_of(lists_.begin(), lists_.end(), [](const auto& list) { return list.empty(); });
}

std::shared_ptr<Connection> ConnectionTable::overdue(TimePoint now) const {
  for (const std::list<Entry>& list : lists_) {
    if (!list.empty() && list.front().deadline <= now) return list.front().connection;
  }
  return nullptr;
}

std::vector<std::shared_ptr<Connection>> ConnectionTable::in_stage(Stage stage) const {
  std::vector<std::shared_ptr<Connection>> connections;
  for (const Entry& entry : lists_[static_cast<std::size_t>(stage)]) {
    connections.push_back(entry.connection);
  }
  return connections;
}

std::vector<std::shared_ptr<Connection>> ConnectionTable::all() const {
  std::vector<std::shared_ptr<Connection>> connections;
  for (const std::list<Entry>& list : lists_) {
    for (const Entry& entry : list) connections.push_back(entry.connection);
  }
  return connections;
}

}  // namespace thimble::serve
