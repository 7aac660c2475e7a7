#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <utility>
#include <vector>

namespace margrave::adapters::aave_v3 {

/// What a pool numbers, by rising id, as a std::map of it: the ids are small and have few holes, so
/// an entry is found at its id or a few places before, without a search. Adding one moves the
/// others.
template <class Id, class T>
class ById {
  public:
    using value_type = std::pair<Id, T>;
    using iterator = typename std::vector<value_type>::iterator;
    using const_iterator = typename std::vector<value_type>::const_iterator;

    [[nodiscard]] iterator begin() { return entries_.begin(); }
    [[nodiscard]] iterator end() { return entries_.end(); }
    [[nodiscard]] const_iterator begin() const { return entries_.begin(); }
    [[nodiscard]] const_iterator end() const { return entries_.end(); }
    [[nodiscard]] std::size_t size() const { return entries_.size(); }
    [[nodiscard]] bool empty() const { return entries_.empty(); }
    void clear() { entries_.clear(); }

    [[nodiscard]] iterator find(Id id) {
        const auto found = begin() + place(id);
        return found != end() && found->first == id ? found : end();
    }
    [[nodiscard]] const_iterator find(Id id) const {
        const auto found = begin() + place(id);
        return found != end() && found->first == id ? found : end();
    }
    [[nodiscard]] std::size_t count(Id id) const { return find(id) == end() ? 0 : 1; }

    /// Throws std::out_of_range without such an entry.
    [[nodiscard]] T& at(Id id) { return at(*this, id); }
    [[nodiscard]] const T& at(Id id) const { return at(*this, id); }

    T& operator[](Id id) { return emplace(id, T{}).first->second; }
    /// Leaves an entry that is there; returns it, and whether it is new.
    std::pair<iterator, bool> emplace(Id id, T value) {
        const auto found = begin() + place(id);
        if (found != end() && found->first == id) {
            return {found, false};
        }
        return {entries_.emplace(found, id, std::move(value)), true};
    }

    template <class Test>
    void erase_if(const Test& test) {
        std::erase_if(entries_, test);
    }

  private:
    template <class Self>
    static auto& at(Self& self, Id id) {
        const auto found = self.find(id);
        if (found == self.end()) {
            throw std::out_of_range("no entry of that id");
        }
        return found->second;
    }

    /// Of the first entry whose id is not below `id`: the entry at place i has an id of i or more.
    [[nodiscard]] std::ptrdiff_t place(Id id) const {
        auto place = static_cast<std::size_t>(std::min<std::uint64_t>(id, entries_.size()));
        while (place > 0 && entries_[place - 1].first >= id) {
            --place;
        }
        return static_cast<std::ptrdiff_t>(place);
    }

    std::vector<value_type> entries_;
};

}  // namespace margrave::adapters::aave_v3
