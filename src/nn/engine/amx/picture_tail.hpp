// What is done with a vector of a picture's sums once they are scaled. Included behind tiles.hpp.

/// @param addend  null: none
/// @param at      of the values in what is put out, and in the addend
inline __m512 with_tail(const PictureTail& tail, const Bf16* addend, std::size_t at, __m512 value) {
  if (tail.relu) value = _mm512_max_ps(value, _mm512_setzero_ps());
  if (addend) value = _mm512_add_ps(value, load_bf16(addend + at));
  if (tail.relu_at_end) value = _mm512_max_ps(value, _mm512_setzero_ps());
  return value;
}
