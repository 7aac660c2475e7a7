#pragma once

#include <string>

#include "core/archive.hpp"
#include "snapshot/archive_json.hpp"

namespace margrave::test {

/// Two archives are the same when their texts are.
inline std::string text_of(const core::Archive& archive) {
    std::string text;
    snapshot::append_json(archive, 0, text);
    return text;
}

}  // namespace margrave::test
