// What single pixels say: of the class, and of each other.

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "base/text.hpp"
#include "report/exploration/context.hpp"
#include "report/words.hpp"

namespace thimble::report {
namespace {

Chart information_chart(const MutualInformation& information) {
  Chart chart;
  chart.id = "mutual-information";
  chart.title = "What each pixel says about the class";
  chart.description =
      "A heat map over the picture: the mutual information of a pixel's grey level and the class.";
  chart.kind = Chart::Kind::heatmap;
  chart.x = {.title = "Column"};
  chart.y = {.title = "Row"};
  chart.grid = Grid{.width = static_cast<std::size_t>(information.width),
                    .height = static_cast<std::size_t>(information.height),
                    .values = information.bits,
                    .title = "Information",
                    .unit = "bits"};
  return chart;
}

std::string information_finding(const MutualInformation& information) {
  const auto width = static_cast<std::size_t>(information.width);
  const double most = information.bits[information.best];
  if (most <= 0) return "No single pixel says anything about the class.";
  constexpr double kLittle = 0.1;  // of what the best pixel says
  const auto poor =
      static_cast<std::size_t>(std::count_if(information.bits.begin(), information.bits.end(),
                                             [&](double bits) { return bits < kLittle * most; }));
  return fmt::format(
      "The most telling pixel, column {}, row {}, alone answers {} of the {} bits of the question "
      "\"which class?\"; {} of {} pixels say less than a tenth of that.",
      information.best % width, information.best / width, plain_number(most),
      plain_number(information.class_entropy), format_count(poor),
      format_count(information.bits.size()));
}

/// Orange where the class is brighter than the others, blue where it is darker, white at 0.
Picture correlation_picture(const PixelCorrelation& correlation, std::span<const double> values,
                            double most) {
  constexpr Color kAbove{184, 90, 0};
  constexpr Color kBelow{31, 95, 168};
  Picture picture({correlation.height, correlation.width, 3});
  for (std::size_t i = 0; i < values.size(); ++i) {
    const double value = std::isnan(values[i]) ? 0 : values[i];
    const Color& color = value > 0 ? kAbove : kBelow;
    const double depth = std::min(1.0, std::abs(value) / most);
    const auto mixed = [&](std::uint8_t channel) {
      return static_cast<std::uint8_t>(std::lround(255 + depth * (channel - 255)));
    };
    picture.pixels[3 * i] = mixed(color.red);
    picture.pixels[3 * i + 1] = mixed(color.green);
    picture.pixels[3 * i + 2] = mixed(color.blue);
  }
  return picture;
}

double strongest(std::span<const double> values) {
  double most = 0;
  for (const double value : values) {
    if (!std::isnan(value)) most = std::max(most, std::abs(value));
  }
  return most;
}

PictureSheet correlation_sheet(const ExplorationContext& context) {
  const PixelCorrelation& correlation = context.found.correlation;
  double most = 1e-9;
  for (const std::vector<double>& one : correlation.with_class) {
    most = std::max(most, strongest(one));
  }
  PictureGroup group{
      fmt::format("Orange: brighter than the other classes; blue: darker; white: no correlation; "
                  "full colour: {}",
                  plain_number(most)),
      {}};
  for (std::size_t c = 0; c < correlation.with_class.size(); ++c) {
    const std::vector<double>& values = correlation.with_class[c];
    const double reach = strongest(values);
    if (reach == 0) continue;
    group.cells.push_back(
        {.picture = context.pictures.add(correlation_picture(correlation, values, most)),
         .caption = context.class_name(c),
         .detail = "strongest correlation " + plain_number(reach)});
  }
  return {"pixel-class-correlation", "Correlation of each pixel with each class", {group}};
}

Chart distance_chart(const PixelCorrelation& correlation) {
  Chart chart;
  chart.id = "pixel-correlation";
  chart.title = "Correlation of two pixels by their distance";
  chart.description = "A line that falls from neighbouring pixels to those far apart.";
  chart.x = {.title = "Distance", .unit = "pixels", .min = 0};
  chart.y = {.title = "Mean correlation"};
  Series series;
  series.name = "Correlation";
  for (const PixelCorrelation::AtDistance& one : correlation.by_distance) {
    series.x.push_back(one.distance);
    series.y.push_back(one.correlation);
  }
  chart.series.push_back(std::move(series));
  return chart;
}

std::string correlation_finding(const PixelCorrelation& correlation) {
  if (correlation.effective_pixels == 0) return "No pixel ever varies.";
  const std::size_t pixels =
      static_cast<std::size_t>(correlation.height) * static_cast<std::size_t>(correlation.width);
  std::string text = fmt::format("{} pixels vary like about {} independent ones",
                                 format_count(pixels), plain_number(correlation.effective_pixels));
  if (!std::isnan(correlation.horizontal) && !std::isnan(correlation.vertical)) {
    text += fmt::format(
        ", for neighbours go together (correlation {} side by side, {} one above the other)",
        plain_number(correlation.horizontal), plain_number(correlation.vertical));
  }
  return text + ".";
}

}  // namespace

Section pixel_section(const ExplorationContext& context) {
  const MutualInformation& information = context.found.information;
  return {"pixels",
          "Which pixels tell classes apart",
          information_finding(information),
          {information_chart(information), correlation_sheet(context)}};
}

Section correlation_section(const ExplorationContext& context) {
  const PixelCorrelation& correlation = context.found.correlation;
  return {"correlation",
          "How pixels go together",
          correlation_finding(correlation),
          {distance_chart(correlation)}};
}

}  // namespace thimble::report
