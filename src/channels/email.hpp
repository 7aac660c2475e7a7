#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "channels/alert_text.hpp"
#include "channels/channel.hpp"
#include "channels/secret.hpp"
#include "core/time.hpp"

namespace margrave::channels {

struct EmailTarget {
    std::string url;  ///< smtps://HOST[:465] or smtp://HOST[:587]; a path is the name in EHLO
    std::string from = {};
    std::vector<std::string> to = {};
    std::string username = {};  ///< empty: nobody logs in
    Secret password = {};
    bool allow_plain = false;  ///< no TLS; only to this machine
    long timeout_ms = 30'000;  ///< of all together: servers take their time with strangers
};

/// Sends mail through an SMTP server, over TLS with a certificate that is verified. 4xx is worth
/// another try, 5xx is refused. A recipient that is refused keeps the others not: those that are
/// refused for now are tried again alone, and not waited for any more once that lasts for ten
/// minutes. `clock` is for how long it lasts.
[[nodiscard]] std::unique_ptr<Channel> make_email(EmailTarget target,
                                                  core::Clock& clock = core::system_clock());

/// "name@host" of plain characters, so that nothing else can be meant by it.
[[nodiscard]] bool is_mail_address(std::string_view text);

/// The whole mail, lines ended by CR LF.
[[nodiscard]] std::string mail_of(const AlertText& alert, const std::string& key,
                                  const EmailTarget& target, std::uint64_t now_s);

/// What an SMTP server answered to the recipients, of its lines in their order: the codes behind
/// the one to MAIL, as far as it came to that.
[[nodiscard]] std::vector<int> recipient_codes(const std::vector<int>& codes,
                                               std::size_t recipients);

}  // namespace margrave::channels
