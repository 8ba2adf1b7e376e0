// Positions of maps that pooling joins. For the .cpp files of this folder, which include it behind
// tiles.hpp.

/// Where four positions of a map lie that one of a map half as high and wide stands for.
struct FourPositions {
  std::size_t at[4];
  FourPositions(const Maps& large, std::size_t block, std::size_t y, std::size_t x) {
    const auto width = static_cast<std::size_t>(large.width);
    const std::size_t first =
        block * large.block_size() + (2 * y * width + 2 * x) * large.position_size();
    const std::size_t row = width * large.position_size();
    at[0] = first;
    at[1] = first + large.position_size();
    at[2] = first + row;
    at[3] = first + row + large.position_size();
  }
};

Maps halved(Maps maps) {
  maps.height /= 2;
  maps.width /= 2;
  return maps;
}
