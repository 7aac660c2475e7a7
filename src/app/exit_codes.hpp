#pragma once

namespace margrave::app {

/// What the program's exit status says; scripts rely on these numbers.
enum class ExitCode {
    Fine = 0,
    Hit = 1,    ///< --fail-below was hit, or --verify found a difference
    Usage = 2,  ///< command line, configuration, or an address, name or block that does not exist
    Unreadable = 3,  ///< a chain could not be read at all, or is not the chain it should be
    Gaps = 4,        ///< the answer has coverage gaps
    Internal = 5,
    BadSignature = 6,
};

/// What a command found; several may hold.
struct Findings {
    bool internal = false;
    bool unreadable = false;
    bool usage = false;
    bool bad_signature = false;
    bool hit = false;
    bool gaps = false;
};

/// The gravest finding decides: 5, 3, 2, 6, 1, 4 in that order.
[[nodiscard]] constexpr ExitCode exit_code(const Findings& findings) {
    if (findings.internal) {
        return ExitCode::Internal;
    }
    if (findings.unreadable) {
        return ExitCode::Unreadable;
    }
    if (findings.usage) {
        return ExitCode::Usage;
    }
    if (findings.bad_signature) {
        return ExitCode::BadSignature;
    }
    if (findings.hit) {
        return ExitCode::Hit;
    }
    return findings.gaps ? ExitCode::Gaps : ExitCode::Fine;
}

}  // namespace margrave::app
