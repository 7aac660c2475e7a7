#include "adapters/aave_v3/state.hpp"

namespace margrave::adapters::aave_v3 {

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
