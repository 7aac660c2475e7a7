#pragma once

#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace margrave::test {

/// A mail server on 127.0.0.1, without TLS, that refuses whom it is told to. It serves one client
/// after the other, on a thread of its own.
class MailServer {
  public:
    MailServer();
    ~MailServer();
    MailServer(const MailServer&) = delete;
    MailServer& operator=(const MailServer&) = delete;

    [[nodiscard]] std::string url() const;

    /// From now on; 250 of whom nothing was said.
    void answer(const std::string& recipient, int code);
    /// To the next mail's end: a code, or 0 for no answer at all.
    void answer_end_with(int code);
    /// To MAIL, from now on.
    void answer_mail_with(int code);

    /// To whom each mail went that it took.
    [[nodiscard]] std::vector<std::vector<std::string>> taken() const;

  private:
    void serve();
    void talk_to(int client);
    [[nodiscard]] int code_for(const std::string& line, std::vector<std::string>& recipients);
    [[nodiscard]] int end_of(const std::vector<std::string>& recipients);

    int listening_ = -1;
    mutable std::mutex mutex_;
    std::map<std::string, int> codes_;
    int mail_code_ = 250;
    int end_code_ = 250;
    int client_ = -1;
    bool is_ended_ = false;
    std::vector<std::vector<std::string>> taken_;
    std::thread thread_;
};

}  // namespace margrave::test
