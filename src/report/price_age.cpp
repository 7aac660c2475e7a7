#include "report/price_age.hpp"

#include <algorithm>

#include "core/time.hpp"

namespace margrave::report {

core::Timestamp block_time(const Report& report, const std::string& chain) {
    const auto found =
        std::find_if(report.chains.begin(), report.chains.end(),
                     [&chain](const snapshot::ChainCut& cut) { return cut.chain == chain; });
    core::ensure(found != report.chains.end(), "a report holds the block of every chain it names");
    return found->timestamp;
}

bool is_suspect(const margin::PriceQuote& price, core::Timestamp block_time) {
    if (!price.updated_at) {
        return false;
    }
    return block_time < *price.updated_at ||
           (block_time - *price.updated_at).value() > kOldPriceSeconds;
}

Cell age_cell(const margin::PriceQuote& price, core::Timestamp block_time) {
    if (!price.updated_at) {
        return {.text = "-"};
    }
    if (block_time < *price.updated_at) {
        return {.text = "after block !", .ink = Ink::Yellow};
    }
    const std::string age = core::format_duration((block_time - *price.updated_at).value());
    return is_suspect(price, block_time) ? Cell{.text = age + " !", .ink = Ink::Yellow}
                                         : Cell{.text = age};
}

}  // namespace margrave::report
