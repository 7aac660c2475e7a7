#include "evidence/key_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>
#include <utility>

#include "core/descriptor.hpp"
#include "core/errors.hpp"
#include "core/hex.hpp"
#include "core/hex_digit.hpp"
#include "core/text.hpp"
#include "evidence/canonical_json.hpp"

namespace margrave::evidence {
namespace {

using core::Descriptor;
using core::write_all;

constexpr std::string_view kFormat = "margrave_reporting_key";
constexpr int kVersion = 1;
constexpr std::string_view kPurpose =
    "signs reports of margrave; controls no funds: send nothing to this address";
constexpr std::size_t kFileBytesMax = 4096;
constexpr std::size_t kSecretDigits = 64;
constexpr mode_t kOwnerOnly = 0600;
constexpr mode_t kOthers = 0077;

[[noreturn]] void refuse(const std::string& path, std::string_view why) {
    throw core::InputError(fmt::format("{}: {}", core::printable(path), why));
}

[[noreturn]] void refuse_format(const std::string& path) {
    refuse(path, "this is no reporting key; make one with `margrave sign-key FILE`");
}

[[noreturn]] void refuse_damaged(const std::string& path) {
    refuse(path,
           "this reporting key is damaged, or of another version: its fields are not those of its "
           "secret");
}

/// A text with a secret in it: of fixed room, so that no copy is left behind, and wiped when it
/// goes.
class SecretText {
  public:
    SecretText() { text_.reserve(kFileBytesMax + 1); }
    SecretText(const SecretText&) = delete;
    SecretText& operator=(const SecretText&) = delete;
    ~SecretText() {
        text_.resize(text_.capacity());  // no reallocation: it has that room
        wipe({reinterpret_cast<std::uint8_t*>(text_.data()), text_.size()});
    }
    [[nodiscard]] std::string& get() { return text_; }

  private:
    std::string text_;
};

void check_access(const std::string& path, int descriptor, KeyPlace place) {
    struct stat status {};
    if (::fstat(descriptor, &status) != 0) {
        refuse(path, std::strerror(errno));
    }
    if (!S_ISREG(status.st_mode)) {
        refuse(path, "a reporting key is a regular file");
    }
    if (place == KeyPlace::Service) {
        return;
    }
    if (status.st_uid != ::geteuid()) {
        refuse(path, "this reporting key belongs to another user");
    }
    if ((status.st_mode & kOthers) != 0) {
        refuse(path, fmt::format("others than its owner may use this reporting key (mode {:04o}); "
                                 "chmod 600 it, or make another if they may have read it",
                                 status.st_mode & 07777U));
    }
}

void read_checked(const std::string& path, KeyPlace place, std::string& text) {
    // A pipe is refused, and not waited for.
    const Descriptor file(::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK));
    if (file.get() < 0) {
        refuse(path, errno == ELOOP ? "a reporting key is not read through a symbolic link"
                                    : std::strerror(errno));
    }
    check_access(path, file.get(), place);
    text.resize(kFileBytesMax + 1);
    const auto size = core::read_into(file.get(), text);
    if (!size) {
        refuse(path, std::strerror(errno));
    }
    if (*size > kFileBytesMax) {
        refuse_format(path);
    }
    text.resize(*size);
}

bool is_hex(std::string_view text) {
    for (const char digit : text) {
        if (core::detail::hex_value(digit) == core::detail::kNotHex) {
            return false;
        }
    }
    return true;
}

/// The private keys of wallets and tools mostly lie about as 64 digits in a file.
bool is_bare_key(std::string_view text) {
    constexpr std::string_view kSpace = " \t\r\n\"";
    const auto first = std::min(text.find_first_not_of(kSpace), text.size());
    text = text.substr(first, text.find_last_not_of(kSpace) + 1 - first);
    text.remove_prefix(text.starts_with("0x") ? 2 : 0);
    return text.size() == kSecretDigits && is_hex(text);
}

/// Where the digits of the only "0x…" with 64 of them begin.
std::optional<std::size_t> find_secret(std::string_view text) {
    constexpr std::string_view kBefore = "\"0x";
    std::optional<std::size_t> found;
    for (auto at = text.find(kBefore); at != std::string_view::npos;
         at = text.find(kBefore, at + 1)) {
        const auto digits = text.substr(at + kBefore.size(), kSecretDigits + 1);
        if (digits.size() == kSecretDigits + 1 && digits.back() == '"' &&
            is_hex(digits.substr(0, kSecretDigits))) {
            if (found) {
                return std::nullopt;
            }
            found = at + kBefore.size();
        }
    }
    return found;
}

/// Takes the secret out of the text and leaves zeros, so that what reads the rest never sees it.
void take_secret(std::string& text, std::size_t at, SecretKey::Raw& secret) {
    for (std::size_t i = 0; i < secret.size(); ++i) {
        const auto high = core::detail::hex_value(text[at + 2 * i]);
        const auto low = core::detail::hex_value(text[at + 2 * i + 1]);
        secret[i] = static_cast<std::uint8_t>(high << 4U | low);
    }
    text.replace(at, kSecretDigits, kSecretDigits, '0');
}

nlohmann::json expected_fields(const std::string& address) {
    return {{std::string(kFormat), static_cast<double>(kVersion)},
            {"purpose", kPurpose},
            {"address", address},
            {"secret", "0x" + std::string(kSecretDigits, '0')}};
}

/// The file's members with the secret blanked; nullopt where it is no JSON. Why is not told: it
/// would quote the file.
std::optional<nlohmann::json> read_fields(std::string_view text) {
    try {
        return read_strict_json(text);
    } catch (const core::InputError&) {
        return std::nullopt;
    }
}

std::unique_ptr<const SecretKey> parse_key(const std::string& path, std::string& text,
                                           const Entropy& entropy) {
    if (is_bare_key(text)) {
        refuse(path,
               "this is a bare private key; margrave holds none that may move funds: make a "
               "reporting key with `margrave sign-key FILE`");
    }
    const auto at = find_secret(text);
    if (!at) {
        refuse_format(path);
    }
    SecretBytes secret;
    take_secret(text, *at, secret.raw);
    const auto fields = read_fields(text);
    if (!fields || !fields->is_object() || !fields->contains(kFormat)) {
        refuse_format(path);
    }
    if (!SecretKey::is_key(secret.raw)) {
        refuse_damaged(path);
    }
    auto key = std::make_unique<const SecretKey>(secret.raw, entropy);
    if (*fields != expected_fields(key->address().to_string())) {
        refuse_damaged(path);
    }
    return key;
}

}  // namespace

void create_key_file(const std::string& path, const SecretKey& key) {
    SecretText text;
    fmt::format_to(std::back_inserter(text.get()),
                   "{{\n  \"{}\": {},\n  \"purpose\": \"{}\",\n  \"address\": \"{}\",\n"
                   "  \"secret\": \"0x",
                   kFormat, kVersion, kPurpose, key.address().to_string());
    core::append_hex(key.raw(), text.get());
    text.get() += "\"\n}\n";
    // With O_EXCL nothing is overwritten, and no link followed.
    const Descriptor file(
        ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, kOwnerOnly));
    if (file.get() < 0) {
        refuse(path, errno == EEXIST ? "it exists already, and a key is never overwritten"
                                     : std::strerror(errno));
    }
    // The umask may have taken from the mode, never added to it.
    if (::fchmod(file.get(), kOwnerOnly) != 0 || !write_all(file.get(), text.get()) ||
        ::fsync(file.get()) != 0) {
        const auto why = errno;
        ::unlink(path.c_str());
        refuse(path, std::strerror(why));
    }
}

std::unique_ptr<const SecretKey> load_key_file(const std::string& path, const Entropy& entropy,
                                               KeyPlace place) {
    if (is_bare_key(path)) {
        throw core::InputError("a reporting key is named by its file, not by its digits");
    }
    SecretText text;
    read_checked(path, place, text.get());
    return parse_key(path, text.get(), entropy);
}

}  // namespace margrave::evidence
