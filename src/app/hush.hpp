#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "alert/alert.hpp"
#include "alert/observe.hpp"
#include "alert/rule.hpp"
#include "store/watch_notes.hpp"

namespace margrave::app {

/// What people said of alerts while the watch runs: read anew with every look.
struct Notes {
    std::vector<store::Silence> silences;  ///< that are not over
    std::map<std::string, std::uint64_t, std::less<>>
        acknowledged;  ///< the newest episode, by alert
};

/// A silence is of all that its fields name, up to its severity.
[[nodiscard]] bool is_silenced(const std::vector<store::Silence>& silences, const alert::Rule& rule,
                               const alert::Subject& subject);

/// The subjects whose alerts say all that an alert of this one would: itself, its wallet, its
/// chain.
[[nodiscard]] std::vector<alert::Subject> wider_subjects(const alert::Subject& subject);

}  // namespace margrave::app
