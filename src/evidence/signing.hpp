#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>

#include "core/address.hpp"
#include "core/keccak.hpp"
#include "core/result.hpp"

struct secp256k1_context_struct;

namespace margrave::evidence {

/// Fills the bytes so that nobody can foretell them.
using Entropy = std::function<void(std::span<std::uint8_t>)>;
/// The operating system's.
[[nodiscard]] Entropy system_entropy();

/// r, s and v as Ethereum writes them: 32 bytes each for r and s, s in the lower half of the
/// group's order, and one byte, 27 or 28.
using Signature = std::array<std::uint8_t, 65>;

/// A private key of secp256k1. It stays where it was made, and its bytes are wiped when it goes.
class SecretKey {
  public:
    using Raw = std::array<std::uint8_t, 32>;

    /// Of bytes that is_key() holds for. `entropy` blinds the computation against an observer of
    /// its time and power.
    SecretKey(std::span<const std::uint8_t, 32> bytes, const Entropy& entropy);
    SecretKey(const SecretKey&) = delete;
    SecretKey& operator=(const SecretKey&) = delete;
    ~SecretKey();

    /// Whether the bytes are a private key: neither 0 nor from the group's order on.
    [[nodiscard]] static bool is_key(std::span<const std::uint8_t, 32> bytes);
    [[nodiscard]] static std::unique_ptr<const SecretKey> generate(const Entropy& entropy);

    [[nodiscard]] const core::Address& address() const { return address_; }
    /// The same key and digest give the same signature (RFC 6979).
    [[nodiscard]] Signature sign(const core::Hash& digest) const;

    /// Only for the file that keeps it.
    [[nodiscard]] const Raw& raw() const { return raw_; }

  private:
    struct DestroyContext {
        void operator()(secp256k1_context_struct* context) const;
    };

    std::unique_ptr<secp256k1_context_struct, DestroyContext> context_;
    Raw raw_{};
    core::Address address_;
};

/// Overwrites `bytes` in a way that no compiler leaves out.
void wipe(std::span<std::uint8_t> bytes);

/// The bytes of a secret on their way to a key, wiped when they go.
struct SecretBytes {
    SecretKey::Raw raw{};

    SecretBytes() = default;
    SecretBytes(const SecretBytes&) = delete;
    SecretBytes& operator=(const SecretBytes&) = delete;
    ~SecretBytes() { wipe(raw); }
};

/// Whose key signed the digest, or why no key did: v is neither 27 nor 28, s is in the upper half
/// (so that a signature has one spelling), or r and s are none.
[[nodiscard]] core::Result<core::Address, std::string> recover(const core::Hash& digest,
                                                               const Signature& signature);

}  // namespace margrave::evidence
