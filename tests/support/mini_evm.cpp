#include "tests/support/mini_evm.hpp"

#include <algorithm>
#include <set>
#include <stdexcept>
#include <vector>

#include "core/u256.hpp"

namespace margrave::test {
namespace {

using core::Bytes;
using core::U256;

/// Words wrap as the machine's do.
using Word = boost::multiprecision::uint256_t;

struct Halt : std::runtime_error {
    using std::runtime_error::runtime_error;
};

class Machine {
  public:
    Machine(std::span<const std::uint8_t> code, const MiniWorld& world)
        : code_(code), world_(world), gas_(world.gas) {
        for (std::size_t at = 0; at < code.size(); ++at) {
            if (code[at] == 0x5b) {
                jumps_.insert(at);
            } else if (code[at] >= 0x60 && code[at] <= 0x7f) {
                at += code[at] - 0x5fU;
            }
        }
    }

    Bytes run() {
        for (;;) {
            charge(3);
            const std::uint8_t op = at_ < code_.size() ? code_[at_++] : 0;
            if (op == 0xf3) {
                const std::size_t from = small();
                return memory(from, small());
            }
            step(op);
        }
    }

  private:
    void step(std::uint8_t op) {
        if (op >= 0x60 && op <= 0x7f) {
            Word value = 0;
            for (int left = op - 0x5f; left > 0; --left) {
                value = (value << 8) | (at_ < code_.size() ? code_[at_] : 0);
                ++at_;
            }
            push(value);
        } else if (op >= 0x80 && op <= 0x8f) {
            push(peek(op - 0x7fU));
        } else if (op >= 0x90 && op <= 0x9f) {
            std::swap(stack_[stack_.size() - 1], stack_.at(stack_.size() - (op - 0x8eU)));
        } else {
            instruction(op);
        }
    }

    void instruction(std::uint8_t op) {
        switch (op) {
            case 0x01:
                return two([](const Word& a, const Word& b) { return Word(a + b); });
            case 0x02:
                return two([](const Word& a, const Word& b) { return Word(a * b); });
            case 0x03:
                return two([](const Word& a, const Word& b) { return Word(a - b); });
            case 0x04:
                return two([](const Word& a, const Word& b) { return Word(a / b); });
            case 0x06:
                return two([](const Word& a, const Word& b) { return Word(a % b); });
            case 0x10:
                return two([](const Word& a, const Word& b) { return Word(a < b ? 1 : 0); });
            case 0x11:
                return two([](const Word& a, const Word& b) { return Word(a > b ? 1 : 0); });
            case 0x15:
                return push(pop() == 0 ? 1 : 0);
            case 0x16:
                return two([](const Word& a, const Word& b) { return Word(a & b); });
            case 0x17:
                return two([](const Word& a, const Word& b) { return Word(a | b); });
            case 0x1b:
                return shift(true);
            case 0x1c:
                return shift(false);
            case 0x38:
                return push(code_.size());
            case 0x39:
                return copy_code();
            case 0x3d:
                return push(returned_.size());
            case 0x42:
                return push(world_.timestamp);
            case 0x43:
                return push(world_.block);
            case 0x51:
                return load();
            case 0x52:
                return store();
            case 0x56:
                return jump(true);
            case 0x57: {
                const std::size_t to = small();
                push(to);
                std::swap(stack_[stack_.size() - 1], stack_.at(stack_.size() - 2));
                return jump(pop() != 0);
            }
            case 0x5a:
                return push(gas_);
            case 0x5b:
                return;
            case 0xfa:
                return call();
            default:
                throw Halt("an instruction this machine does not know");
        }
    }

    template <class F>
    void two(F result) {
        const Word a = pop();
        const Word b = pop();
        push(result(a, b));
    }
    void shift(bool left) {
        const std::size_t by = small();
        const Word value = pop();
        push(by > 255 ? Word(0) : left ? Word(value << by) : Word(value >> by));
    }
    void jump(bool taken) {
        const std::size_t to = small();
        if (taken) {
            if (!jumps_.contains(to)) {
                throw Halt("a jump to nowhere");
            }
            at_ = to;
        }
    }
    void copy_code() {
        const std::size_t to = small();
        const std::size_t from = small();
        const std::size_t count = small();
        grow(to + count);
        for (std::size_t i = 0; i < count; ++i) {
            memory_[to + i] = from + i < code_.size() ? code_[from + i] : 0;
        }
    }
    void load() {
        const Bytes word = memory(small(), 32);
        Word value = 0;
        for (const std::uint8_t byte : word) {
            value = (value << 8) | byte;
        }
        push(value);
    }
    void store() {
        const std::size_t to = small();
        Word value = pop();
        grow(to + 32);
        for (std::size_t i = 32; i-- > 0; value >>= 8) {
            memory_[to + i] = static_cast<std::uint8_t>(value & 0xff);
        }
    }
    void call() {
        const Word gas = pop();
        core::Address::Raw raw{};
        Word to = pop();
        for (std::size_t i = raw.size(); i-- > 0; to >>= 8) {
            raw[i] = static_cast<std::uint8_t>(to & 0xff);
        }
        const std::size_t from = small();
        const Bytes data = memory(from, small());
        const std::size_t into = small();
        const std::size_t room = small();
        grow(into + room);
        const std::uint64_t given =
            std::min<std::uint64_t>(gas_ - gas_ / 64, static_cast<std::uint64_t>(gas));
        const auto answer =
            world_.gas_of_call > given ? std::nullopt : world_.call(core::Address(raw), data);
        charge(std::min(world_.gas_of_call, given));
        returned_ = answer.value_or(Bytes());
        std::copy_n(returned_.begin(), std::min(room, returned_.size()),
                    memory_.begin() + static_cast<std::ptrdiff_t>(into));
        push(answer ? 1 : 0);
    }

    void charge(std::uint64_t gas) {
        if (gas > gas_) {
            throw Halt("out of gas");
        }
        gas_ -= gas;
    }
    void push(const Word& value) { stack_.push_back(value); }
    Word peek(std::size_t deep) const { return stack_.at(stack_.size() - deep); }
    Word pop() {
        const Word top = stack_.at(stack_.size() - 1);
        stack_.pop_back();
        return top;
    }
    std::size_t small() {
        const Word value = pop();
        if (value > 1'000'000) {
            throw Halt("out of gas: so far into memory");
        }
        return static_cast<std::size_t>(value);
    }
    void grow(std::size_t size) { memory_.resize(std::max(memory_.size(), size)); }
    Bytes memory(std::size_t from, std::size_t count) {
        grow(from + count);
        const auto begin = memory_.begin() + static_cast<std::ptrdiff_t>(from);
        return {begin, begin + static_cast<std::ptrdiff_t>(count)};
    }

  public:
    void charge_for_returning(std::size_t bytes) { charge(200 * bytes); }

  private:
    std::span<const std::uint8_t> code_;
    const MiniWorld& world_;
    std::uint64_t gas_;
    std::set<std::size_t> jumps_;
    std::size_t at_ = 0;
    std::vector<Word> stack_;
    Bytes memory_;
    Bytes returned_;
};

}  // namespace

std::optional<Bytes> run_creation_code(std::span<const std::uint8_t> code, const MiniWorld& world) {
    constexpr std::size_t kCodeMax = 24'576;
    constexpr std::size_t kCreationCodeMax = 49'152;
    if (code.size() > kCreationCodeMax) {
        return std::nullopt;
    }
    try {
        Machine machine(code, world);
        Bytes out = machine.run();
        machine.charge_for_returning(out.size());
        const bool is_refused = out.size() > kCodeMax || (!out.empty() && out.front() == 0xef);
        return is_refused ? std::nullopt : std::optional(std::move(out));
    } catch (const Halt&) {
        return std::nullopt;
    } catch (const std::out_of_range&) {
        return std::nullopt;  // the stack is empty
    }
}

}  // namespace margrave::test
