#include "core/keccak.hpp"

#include <cryptopp/keccak.h>

namespace margrave::core {

Hash keccak256(std::span<const std::uint8_t> bytes) {
    Hash hash{};
    CryptoPP::Keccak_256 keccak;  // NOLINT(clang-analyzer-optin.cplusplus.VirtualCall): in Crypto++
    keccak.Update(bytes.data(), bytes.size());
    keccak.Final(hash.data());
    return hash;
}

}  // namespace margrave::core
