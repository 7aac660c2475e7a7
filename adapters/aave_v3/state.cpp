#include "adapters/aave_v3/state.hpp"

namespace margrave::adapters::aave_v3 {

std::uint64_t ReserveConfiguration::field(unsigned from, unsigned bits) const {
    const core::U256 mask = (core::U256(1) << bits) - 1;
    return static_cast<std::uint64_t>((word_ >> from) & mask);
}

bool UserConfiguration::is_borrowing(unsigned reserve_id) const {
    return reserve_id < 128 && bit_test(word_, 2 * reserve_id);
}

bool UserConfiguration::is_collateral(unsigned reserve_id) const {
    return reserve_id < 128 && bit_test(word_, 2 * reserve_id + 1);
}

bool keeps_virtual_balance(const Behaviour& behaviour, const ReserveConfiguration& configuration) {
    switch (behaviour.virtual_balance) {
        case VirtualBalance::None:
            return false;
        case VirtualBalance::ByFlag:
            return configuration.has_virtual_accounting();
        case VirtualBalance::Always:
            break;
    }
    return true;
}

}  // namespace margrave::adapters::aave_v3
