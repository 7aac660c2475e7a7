#include "tests/support/mail_server.hpp"

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <stdexcept>
#include <string_view>
#include <utility>

namespace margrave::test {
namespace {

void say(int client, std::string_view text) {
    ::send(client, text.data(), text.size(), MSG_NOSIGNAL);
}

void say_code(int client, int code) { say(client, std::to_string(code) + " so be it\r\n"); }

/// The next line without its end; false where the client left.
bool read_line(int client, std::string& inbox, std::string& line) {
    for (;;) {
        const auto end = inbox.find("\r\n");
        if (end != std::string::npos) {
            line = inbox.substr(0, end);
            inbox.erase(0, end + 2);
            return true;
        }
        std::array<char, 4096> chunk{};
        const ssize_t bytes = ::recv(client, chunk.data(), chunk.size(), 0);
        if (bytes <= 0) {
            return false;
        }
        inbox.append(chunk.data(), static_cast<std::size_t>(bytes));
    }
}

}  // namespace

MailServer::MailServer() : listening_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::bind(listening_, reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0 ||
        ::listen(listening_, 8) != 0) {
        throw std::runtime_error("no port for a mail server");
    }
    thread_ = std::thread([this] { serve(); });
}

MailServer::~MailServer() {
    {
        const std::lock_guard guard(mutex_);
        is_ended_ = true;
        ::shutdown(listening_, SHUT_RDWR);
        if (client_ >= 0) {
            ::shutdown(client_, SHUT_RDWR);
        }
    }
    thread_.join();
    ::close(listening_);
}

std::string MailServer::url() const {
    sockaddr_in address{};
    socklen_t size = sizeof(address);
    ::getsockname(listening_, reinterpret_cast<sockaddr*>(&address), &size);
    return "smtp://127.0.0.1:" + std::to_string(ntohs(address.sin_port));
}

void MailServer::answer(const std::string& recipient, int code) {
    const std::lock_guard guard(mutex_);
    codes_["<" + recipient + ">"] = code;
}

void MailServer::answer_end_with(int code) {
    const std::lock_guard guard(mutex_);
    end_code_ = code;
}

void MailServer::answer_mail_with(int code) {
    const std::lock_guard guard(mutex_);
    mail_code_ = code;
}

std::vector<std::vector<std::string>> MailServer::taken() const {
    const std::lock_guard guard(mutex_);
    return taken_;
}

void MailServer::serve() {
    for (;;) {
        const int client = ::accept4(listening_, nullptr, nullptr, SOCK_CLOEXEC);
        {
            const std::lock_guard guard(mutex_);
            if (client < 0 || is_ended_) {
                ::close(client);
                return;
            }
            client_ = client;
        }
        talk_to(client);
        const std::lock_guard guard(mutex_);
        client_ = -1;
        ::close(client);
    }
}

void MailServer::talk_to(int client) {
    std::string inbox;
    std::string line;
    std::vector<std::string> recipients;
    bool is_mail = false;
    say_code(client, 220);
    while (read_line(client, inbox, line)) {
        if (!is_mail) {
            const int code = code_for(line, recipients);
            is_mail = code == 354;
            say_code(client, code);
        } else if (line == ".") {
            is_mail = false;
            const int code = end_of(std::exchange(recipients, {}));
            if (code == 0) {
                read_line(client, inbox, line);  // until it leaves
                return;
            }
            say_code(client, code);
        }
    }
}

int MailServer::code_for(const std::string& line, std::vector<std::string>& recipients) {
    constexpr std::string_view kRecipient = "RCPT TO:";
    const std::lock_guard guard(mutex_);
    if (line.starts_with("MAIL")) {
        return mail_code_;
    }
    if (line.starts_with(kRecipient)) {
        const std::string address = line.substr(kRecipient.size());
        const auto found = codes_.find(address);
        const int code = found == codes_.end() ? 250 : found->second;
        if (code == 250) {
            recipients.push_back(address.substr(1, address.size() - 2));
        }
        return code;
    }
    return line == "DATA" ? 354 : line == "QUIT" ? 221 : 250;
}

int MailServer::end_of(const std::vector<std::string>& recipients) {
    const std::lock_guard guard(mutex_);
    const int code = std::exchange(end_code_, 250);
    if (code == 250) {
        taken_.push_back(recipients);
    }
    return code;
}

}  // namespace margrave::test
