#include "evidence/signing.hpp"

#include <secp256k1.h>
#include <secp256k1_recovery.h>
#include <sys/random.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "core/errors.hpp"

namespace margrave::evidence {
namespace {

constexpr std::uint8_t kFirstV = 27;
constexpr std::size_t kCompactBytes = 64;

core::Address address_of(const secp256k1_context* context, const secp256k1_pubkey& key) {
    std::array<std::uint8_t, 65> point{};
    auto size = point.size();
    core::ensure(secp256k1_ec_pubkey_serialize(context, point.data(), &size, &key,
                                               SECP256K1_EC_UNCOMPRESSED) == 1,
                 "a public key that was made can be written");
    // The first byte says "uncompressed"; an address is the end of the hash of the coordinates.
    const auto hash = core::keccak256(std::span(point).subspan(1));
    core::Address::Raw raw{};
    std::copy(hash.end() - raw.size(), hash.end(), raw.begin());
    return core::Address(raw);
}

}  // namespace

Entropy system_entropy() {
    return [](std::span<std::uint8_t> bytes) {
        while (!bytes.empty()) {
            const auto count = ::getrandom(bytes.data(), bytes.size(), 0);
            core::ensure(count > 0 || errno == EINTR, "the system has random bytes");
            bytes = bytes.subspan(count > 0 ? static_cast<std::size_t>(count) : 0);
        }
    };
}

void wipe(std::span<std::uint8_t> bytes) { ::explicit_bzero(bytes.data(), bytes.size()); }

void SecretKey::DestroyContext::operator()(secp256k1_context_struct* context) const {
    secp256k1_context_destroy(context);
}

SecretKey::SecretKey(std::span<const std::uint8_t, 32> bytes, const Entropy& entropy)
    : context_(secp256k1_context_create(SECP256K1_CONTEXT_SIGN)) {
    Raw blinding{};
    entropy(blinding);
    core::ensure(secp256k1_context_randomize(context_.get(), blinding.data()) == 1,
                 "a context takes any 32 bytes for blinding");
    wipe(blinding);
    secp256k1_pubkey key;
    core::ensure(secp256k1_ec_pubkey_create(context_.get(), &key, bytes.data()) == 1,
                 "the caller has looked whether the bytes are a key");
    address_ = address_of(context_.get(), key);
    std::copy(bytes.begin(), bytes.end(), raw_.begin());
}

SecretKey::~SecretKey() { wipe(raw_); }

bool SecretKey::is_key(std::span<const std::uint8_t, 32> bytes) {
    return secp256k1_ec_seckey_verify(secp256k1_context_static, bytes.data()) == 1;
}

std::unique_ptr<const SecretKey> SecretKey::generate(const Entropy& entropy) {
    SecretBytes bytes;
    // All but 2^-128 of them are keys.
    do {
        entropy(bytes.raw);
    } while (!is_key(bytes.raw));
    return std::make_unique<const SecretKey>(bytes.raw, entropy);
}

Signature SecretKey::sign(const core::Hash& digest) const {
    secp256k1_ecdsa_recoverable_signature made;
    core::ensure(secp256k1_ecdsa_sign_recoverable(context_.get(), &made, digest.data(), raw_.data(),
                                                  nullptr, nullptr) == 1,
                 "a valid key signs any digest");
    Signature signature{};
    int recovery = 0;
    secp256k1_ecdsa_recoverable_signature_serialize_compact(context_.get(), signature.data(),
                                                            &recovery, &made);
    // 2 and 3 stand for an r beyond the order, which nobody will ever meet and Ethereum cannot
    // write.
    core::ensure(recovery < 2, "r is below the group's order");
    signature[kCompactBytes] = static_cast<std::uint8_t>(kFirstV + recovery);
    // A computer that errs in signing can give the key away.
    const auto signer = recover(digest, signature);
    core::ensure(signer.has_value() && *signer == address_, "a signature is its key's own");
    return signature;
}

core::Result<core::Address, std::string> recover(const core::Hash& digest,
                                                 const Signature& signature) {
    using Failure = core::Unexpected<std::string>;
    const int recovery = signature[kCompactBytes] - kFirstV;
    if (recovery != 0 && recovery != 1) {
        return Failure("its last byte, v, is neither 27 nor 28");
    }
    const auto* context = secp256k1_context_static;
    secp256k1_ecdsa_recoverable_signature parsed;
    if (secp256k1_ecdsa_recoverable_signature_parse_compact(context, &parsed, signature.data(),
                                                            recovery) != 1) {
        return Failure("its r or s is beyond the curve's order");
    }
    secp256k1_ecdsa_signature plain;
    secp256k1_ecdsa_recoverable_signature_convert(context, &plain, &parsed);
    if (secp256k1_ecdsa_signature_normalize(context, nullptr, &plain) == 1) {
        return Failure("its s is in the upper half of the curve's order");
    }
    secp256k1_pubkey key;
    if (secp256k1_ecdsa_recover(context, &key, &parsed, digest.data()) != 1) {
        return Failure("no key can have made it");
    }
    return address_of(context, key);
}

}  // namespace margrave::evidence
