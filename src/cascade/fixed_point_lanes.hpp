#pragma once

#include <array>
#include <cstddef>
#include <vector>

/// One number, or one for each of eight scenarios, in the same words. Everything is inlined, so
/// that it becomes instructions of the function that uses it.
namespace margrave::cascade::fixed_point_rounds {

/// One double for each scenario.
using Eight = double __attribute__((vector_size(64)));
using Four = double __attribute__((vector_size(32)));
using Two = double __attribute__((vector_size(16)));

template <class V>
constexpr std::size_t kLanes = 1;
template <>
inline constexpr std::size_t kLanes<Eight> = 8;

[[gnu::always_inline]] inline double& lane(double& value, std::size_t /*i*/) { return value; }
[[gnu::always_inline]] inline double& lane(Eight& values, std::size_t i) {
    return reinterpret_cast<double*>(&values)[i];
}

/// An array of V; an allocator does not know a vector type's alignment, a struct's it does.
template <class V>
class Array {
  public:
    explicit Array(std::size_t size) : slots_(size) {}
    [[gnu::always_inline]] V& operator[](std::size_t i) { return slots_[i].value; }
    [[gnu::always_inline]] const V& operator[](std::size_t i) const { return slots_[i].value; }

  private:
    struct alignas(sizeof(V)) Slot {
        V value{};
    };
    std::vector<Slot> slots_;
};

/// The least lane.
[[gnu::always_inline]] inline double least_of(const double& value) { return value; }
[[gnu::always_inline]] inline double least_of(const Eight& values) {
    const auto* halves = reinterpret_cast<const Four*>(&values);
    const Four four = halves[0] < halves[1] ? halves[0] : halves[1];
    const auto* quarters = reinterpret_cast<const Two*>(&four);
    const Two two = quarters[0] < quarters[1] ? quarters[0] : quarters[1];
    return two[0] < two[1] ? two[0] : two[1];
}

/// A bit for each lane that is below the limit.
[[gnu::always_inline]] inline unsigned bits_below(const double& value, double limit) {
    return value < limit ? 1U : 0U;
}
[[gnu::always_inline]] inline unsigned bits_below(const Eight& values, double limit) {
    unsigned out = 0;
    for (unsigned i = 0; i < kLanes<Eight>; ++i) {
        out |= (values[i] < limit ? 1U : 0U) << i;
    }
    return out;
}

/// 1 for each bit that is set, else 0.
struct MaskTable {
    alignas(64) std::array<std::array<double, 8>, 256> rows{};
    constexpr MaskTable() {
        for (unsigned bits = 0; bits < 256; ++bits) {
            for (unsigned i = 0; i < 8; ++i) {
                rows[bits][i] = (bits >> i & 1U) != 0 ? 1.0 : 0.0;
            }
        }
    }
};
constexpr MaskTable kMasks;

[[gnu::always_inline]] inline void masked(double& value, unsigned bits) {
    value = (bits & 1U) != 0 ? value : 0;
}
[[gnu::always_inline]] inline void masked(Eight& values, unsigned bits) {
    values *= *reinterpret_cast<const Eight*>(kMasks.rows[bits].data());
}

}  // namespace margrave::cascade::fixed_point_rounds
