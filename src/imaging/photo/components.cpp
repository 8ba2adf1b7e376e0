#include "imaging/photo/components.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numeric>

#include "imaging/photo/distance.hpp"

namespace thimble::photo {
namespace {

/// Set pixels side by side in a row: [left, right).
struct Run {
  int y;
  int left;
  int right;
  int certain;
};

struct Part {
  int left = 0;
  int top = 0;
  int right = 0;
  int bottom = 0;
  std::int64_t area = 0;
  std::int64_t certain = 0;
  bool kept = false;

  double width() const { return right - left; }
  double height() const { return bottom - top; }
};

std::vector<Run> find_runs(const Mask& mask, const Mask& certain) {
  std::vector<Run> runs;
  for (int y = 0; y < mask.height; ++y) {
    const std::size_t begin = static_cast<std::size_t>(y) * static_cast<std::size_t>(mask.width);
    const std::uint8_t* row = mask.pixels.data() + begin;
    const std::uint8_t* sure = certain.pixels.data() + begin;
    const std::uint8_t* const end = row + mask.width;
    const std::uint8_t* at = row;
    while ((at = std::find(at, end, 1)) != end) {
      const std::uint8_t* stop = std::find(at, end, 0);
      const int count = std::accumulate(sure + (at - row), sure + (stop - row), 0);
      runs.push_back({y, static_cast<int>(at - row), static_cast<int>(stop - row), count});
      at = stop;
    }
  }
  return runs;
}

/// Sets of runs that touch.
class Union {
 public:
  explicit Union(std::size_t n) : parent_(n) { std::iota(parent_.begin(), parent_.end(), 0u); }

  std::uint32_t find(std::uint32_t i) {
    while (parent_[i] != i) i = parent_[i] = parent_[parent_[i]];
    return i;
  }

  void join(std::uint32_t a, std::uint32_t b) {
    a = find(a);
    b = find(b);
    parent_[std::max(a, b)] = std::min(a, b);
  }

 private:
  std::vector<std::uint32_t> parent_;
};

/// Which pixels of two rows touch.
enum class Neighbors { beside, also_across };

void join_rows(const std::vector<Run>& runs, Union& sets, Neighbors neighbors) {
  const int reach = neighbors == Neighbors::beside ? 0 : 1;
  std::uint32_t above = 0;
  for (std::uint32_t i = 0; i < runs.size(); ++i) {
    const int last = runs[i].y - 1;
    while (runs[above].y < last ||
           (runs[above].y == last && runs[above].right + reach <= runs[i].left)) {
      ++above;
    }
    for (std::uint32_t k = above; runs[k].y == last && runs[k].left < runs[i].right + reach; ++k) {
      sets.join(k, i);
    }
  }
}

/// How far apart two parts' boxes are.
double gap(const Part& a, const Part& b) {
  const double x = std::max({0, a.left - b.right, b.left - a.right});
  const double y = std::max({0, a.top - b.bottom, b.top - a.bottom});
  return std::max(x, y);
}

/// An object lies in the middle rather than at the edge; 1 in the middle, less towards the sides.
double centrality(const Part& part, const Mask& mask) {
  const double x = (part.left + part.right) / static_cast<double>(mask.width) - 1;
  const double y = (part.top + part.bottom) / static_cast<double>(mask.height) - 1;
  return 1 - 0.6 * std::max(std::abs(x), std::abs(y));
}

int count_sides(const Part& part, const Mask& mask) {
  return int{part.left == 0} + int{part.top == 0} + int{part.right == mask.width} +
         int{part.bottom == mask.height};
}

/// A line or a strip along the edge of the picture: the rest of a frame, of a table, of the floor.
bool hangs_on_edge(const Part& part, const Mask& mask) {
  const int sides = count_sides(part, mask);
  if (sides == 0) return false;
  const double box = part.width() * part.height();
  const bool thin = std::min(part.width() / mask.width, part.height() / mask.height) < 0.08;
  return thin || sides >= 3 || (sides == 2 && static_cast<double>(part.area) < 0.35 * box);
}

/// The main part, or none.
Part* choose_main(std::vector<Part>& parts, const Mask& mask, std::int64_t fewest_certain) {
  Part* best = nullptr;
  double best_score = 0;
  for (Part& part : parts) {
    if (part.certain < fewest_certain) continue;
    const double score = static_cast<double>(part.area) * centrality(part, mask) *
                         (hangs_on_edge(part, mask) ? 0.1 : 1);
    if (score > best_score) {
      best = &part;
      best_score = score;
    }
  }
  return best;
}

bool belongs(const Part& part, const Part& main, const Mask& mask) {
  const auto area = static_cast<double>(part.area);
  const auto whole = static_cast<double>(main.area);
  const double apart = gap(part, main) / std::max(main.width(), main.height());
  if (hangs_on_edge(part, mask)) return false;
  if (apart == 0) return area > 0.0015 * whole;
  if (apart < 0.08) return area > 0.004 * whole;
  if (apart < 0.35) return area > 0.1 * whole;
  return area > 0.5 * whole;
}

/// A distance that the object reaches near a hole with an outline.
constexpr float kSharp = 3;

struct Hole {
  std::int64_t area = 0;
  bool outside = false;  ///< reaches the edge of the picture: no hole
  double distance = 0;   ///< from the background, sum
  double rim = 0;        ///< largest distances near the rim, sum
  int rim_pixels = 0;

  bool is_cloth(std::int64_t object) const {
    constexpr double kSmall = 0.0015;  // of the object
    constexpr double kOff = 0.6;       // further than what shows through, on average
    const auto pixels = static_cast<double>(area);
    return pixels < kSmall * static_cast<double>(object) || distance > kOff * pixels ||
           rim < double{kSharp} * rim_pixels;
  }
};

Mask inverse(const Mask& mask) {
  Mask inverted(mask.height, mask.width);
  std::ranges::transform(mask.pixels, inverted.pixels.begin(),
                         [](int pixel) { return static_cast<std::uint8_t>(1 - pixel); });
  return inverted;
}

}  // namespace

KeptParts keep_object(Mask& mask, const Mask& certain) {
  const std::vector<Run> runs = find_runs(mask, certain);
  std::ranges::fill(mask.pixels, std::uint8_t{0});
  KeptParts kept;
  if (runs.empty()) return kept;
  Union sets(runs.size());
  join_rows(runs, sets, Neighbors::also_across);

  std::vector<std::size_t> part_of(runs.size());
  std::vector<Part> parts;
  for (std::uint32_t i = 0; i < runs.size(); ++i) {
    const Run& run = runs[i];
    const std::uint32_t root = sets.find(i);
    if (root == i) {
      part_of[i] = parts.size();
      parts.push_back({run.left, run.y, run.right, run.y + 1});
    } else {
      part_of[i] = part_of[root];
    }
    Part& part = parts[part_of[i]];
    part.left = std::min(part.left, run.left);
    part.right = std::max(part.right, run.right);
    part.bottom = std::max(part.bottom, run.y + 1);
    part.area += run.right - run.left;
    part.certain += run.certain;
  }

  const auto pixels = static_cast<double>(mask.pixels.size());
  const auto fewest = static_cast<std::int64_t>(std::max(4.0, 0.0004 * pixels));
  Part* main = choose_main(parts, mask, fewest);
  if (!main) return kept;
  main->kept = true;
  kept = {true, main->left, main->top, main->right, main->bottom, 0, 0};
  int sides[4] = {};
  for (Part& part : parts) {
    part.kept = part.kept || (part.certain > 0 && belongs(part, *main, mask));
    if (!part.kept) continue;
    kept.left = std::min(kept.left, part.left);
    kept.top = std::min(kept.top, part.top);
    kept.right = std::max(kept.right, part.right);
    kept.bottom = std::max(kept.bottom, part.bottom);
    kept.area += part.area;
  }
  sides[0] = kept.left == 0;
  sides[1] = kept.top == 0;
  sides[2] = kept.right == mask.width;
  sides[3] = kept.bottom == mask.height;
  kept.sides_touched = std::accumulate(std::begin(sides), std::end(sides), 0);
  for (std::size_t i = 0; i < runs.size(); ++i) {
    if (!parts[part_of[i]].kept) continue;
    const Run& run = runs[i];
    const auto row = mask.pixels.begin() +
                     static_cast<std::ptrdiff_t>(run.y) * static_cast<std::ptrdiff_t>(mask.width);
    std::fill(row + run.left, row + run.right, std::uint8_t{1});
  }
  return kept;
}

void close_holes(Mask& mask, const std::vector<float>& distance) {
  Mask open = inverse(mask);
  const std::vector<Run> runs = find_runs(open, open);
  Union sets(runs.size());
  join_rows(runs, sets, Neighbors::beside);
  std::vector<Hole> holes(runs.size());  // at their sets' first runs
  std::int64_t area = 0;
  const auto width = static_cast<std::size_t>(mask.width);
  const std::vector<float> strongest = largest_around(distance, mask.height, mask.width);
  for (std::uint32_t i = 0; i < runs.size(); ++i) {
    const Run& run = runs[i];
    Hole& hole = holes[sets.find(i)];
    hole.outside = hole.outside || run.left == 0 || run.right == mask.width || run.y == 0 ||
                   run.y + 1 == mask.height;
    hole.area += run.right - run.left;
    const std::size_t row = static_cast<std::size_t>(run.y) * width;
    for (auto x = static_cast<std::size_t>(run.left); x < static_cast<std::size_t>(run.right);
         ++x) {
      hole.distance += distance[row + x];
    }
    // Next to the first and the last pixel the object begins.
    for (const int x : {run.left, run.right - 1}) {
      hole.rim += std::min(strongest[row + static_cast<std::size_t>(x)], kSharp * 2);
      ++hole.rim_pixels;
    }
  }
  for (const std::uint8_t pixel : mask.pixels) area += pixel;
  for (std::uint32_t i = 0; i < runs.size(); ++i) {
    const Hole& hole = holes[sets.find(i)];
    if (hole.outside || !hole.is_cloth(area)) continue;
    const Run& run = runs[i];
    const auto row = mask.pixels.begin() +
                     static_cast<std::ptrdiff_t>(run.y) * static_cast<std::ptrdiff_t>(mask.width);
    std::fill(row + run.left, row + run.right, std::uint8_t{1});
  }
}

Mask narrow(const Mask& mask, int radius) { return inverse(widen(inverse(mask), radius)); }

Mask widen(const Mask& mask, int radius) {
  Mask wide(mask.height, mask.width);
  const auto width = static_cast<std::size_t>(mask.width);
  std::vector<std::uint8_t> column(width);
  for (int y = 0; y < mask.height; ++y) {
    std::ranges::fill(column, std::uint8_t{0});
    const int first = std::max(0, y - radius);
    const int last = std::min(mask.height - 1, y + radius);
    for (int k = first; k <= last; ++k) {
      const std::uint8_t* row = mask.pixels.data() + static_cast<std::size_t>(k) * width;
      for (std::size_t x = 0; x < width; ++x) column[x] |= row[x];
    }
    std::uint8_t* out = wide.pixels.data() + static_cast<std::size_t>(y) * width;
    for (int shift = -radius; shift <= radius; ++shift) {
      const int begin = std::max(0, -shift);
      const int end = std::min(mask.width, mask.width - shift);
      for (int x = begin; x < end; ++x) out[x] |= column[static_cast<std::size_t>(x + shift)];
    }
  }
  return wide;
}

}  // namespace thimble::photo
