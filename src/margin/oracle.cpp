#include "margin/oracle.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "core/errors.hpp"

namespace margrave::margin {
namespace {

constexpr std::array<std::pair<OracleKind, std::string_view>, 11> kKinds{{
    {OracleKind::Opaque, "opaque"},
    {OracleKind::Feed, "feed"},
    {OracleKind::Rate, "rate"},
    {OracleKind::Fixed, "fixed"},
    {OracleKind::CappedRatio, "capped_ratio"},
    {OracleKind::CappedPrice, "capped_price"},
    {OracleKind::CappedByPrice, "capped_by_price"},
    {OracleKind::Product, "product"},
    {OracleKind::Quotient, "quotient"},
    {OracleKind::Discount, "discount"},
    {OracleKind::MorphoChain, "morpho_chain"},
}};

}  // namespace

std::string_view to_string(OracleKind kind) {
    for (const auto& [known, name] : kKinds) {
        if (known == kind) {
            return name;
        }
    }
    throw core::InvariantError("an OracleKind is one of the list");
}

std::optional<OracleKind> parse_oracle_kind(std::string_view name) {
    for (const auto& [kind, known] : kKinds) {
        if (known == name) {
            return kind;
        }
    }
    return std::nullopt;
}

std::string_view to_string(SequencerState state) {
    switch (state) {
        case SequencerState::Up:
            return "up";
        case SequencerState::Grace:
            return "grace";
        case SequencerState::Down:
            return "down";
        case SequencerState::Invalid:
            break;
    }
    return "invalid";
}

SequencerState Sequencer::state(core::Timestamp at) const {
    if (started_at.value() == 0 || at < started_at || answer > 1) {
        return SequencerState::Invalid;
    }
    if (answer != 0) {
        return SequencerState::Down;
    }
    return (at - started_at).value() > grace_s ? SequencerState::Up : SequencerState::Grace;
}

const OracleModel* OracleBook::find(const core::Address& source) const {
    const auto found = std::find_if(models.begin(), models.end(), [&](const auto& model) {
        return model->source().address == source;
    });
    return found == models.end() ? nullptr : found->get();
}

}  // namespace margrave::margin
