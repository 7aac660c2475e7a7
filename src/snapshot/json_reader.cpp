#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "core/errors.hpp"
#include "core/text.hpp"
#include "snapshot/archive_json.hpp"

namespace margrave::snapshot {

namespace {

using core::Archive;

/// Builds the tree while the text is read. nlohmann's own tree would forget the first of two equal
/// names and turn large integers into doubles before anyone could object.
class TreeBuilder final : public nlohmann::json_sax<nlohmann::json> {
  public:
    explicit TreeBuilder(std::size_t depth_max) : depth_max_(depth_max) {}

    [[nodiscard]] Archive take() && { return std::move(root_); }

    bool null() override { return add(Archive()); }
    bool boolean(bool flag) override { return add(Archive(flag)); }
    bool string(string_t& text) override { return add(Archive(std::move(text))); }
    bool number_integer(number_integer_t) override { refuse_number(); }
    bool number_unsigned(number_unsigned_t) override { refuse_number(); }
    bool number_float(number_float_t, const string_t&) override { refuse_number(); }
    bool binary(binary_t&) override { throw core::InputError("binary data is not JSON"); }

    bool start_object(std::size_t) override { return open(false); }
    bool start_array(std::size_t) override { return open(true); }
    bool end_object() override { return close(); }
    bool end_array() override { return close(); }

    bool key(string_t& name) override {
        Frame& frame = frames_.back();
        frame.name = std::move(name);
        if (frame.fields.contains(frame.name)) {
            throw core::InputError(path() + ": this name stands twice in one object");
        }
        return true;
    }

    bool parse_error(std::size_t position, const std::string&,
                     const nlohmann::detail::exception&) override {
        const std::string where = frames_.empty() ? "" : ", near " + path();
        throw core::InputError("not JSON at byte " + std::to_string(position) + where);
    }

  private:
    /// An object or list that is still open.
    struct Frame {
        bool is_list = false;
        std::string name;  ///< of the field being read
        Archive::Fields fields;
        Archive::List list;
    };

    bool open(bool is_list) {
        if (frames_.size() >= depth_max_) {
            throw core::InputError(path() + ": nested deeper than " + std::to_string(depth_max_) +
                                   " levels");
        }
        frames_.push_back({.is_list = is_list, .name = {}, .fields = {}, .list = {}});
        return true;
    }

    bool close() {
        Frame frame = std::move(frames_.back());
        frames_.pop_back();
        return add(frame.is_list ? Archive(std::move(frame.list))
                                 : Archive(std::move(frame.fields)));
    }

    bool add(Archive value) {
        if (frames_.empty()) {
            root_ = std::move(value);
        } else if (frames_.back().is_list) {
            frames_.back().list.push_back(std::move(value));
        } else {
            frames_.back().fields.emplace(std::move(frames_.back().name), std::move(value));
        }
        return true;
    }

    [[noreturn]] void refuse_number() const {
        throw core::InputError(path() + ": a JSON number; integers are decimal digits in quotes");
    }

    /// "markets[2].state.reserves[0]"
    [[nodiscard]] std::string path() const {
        std::string path;
        for (const Frame& frame : frames_) {
            if (frame.is_list) {
                path += '[' + std::to_string(frame.list.size()) + ']';
            } else if (!frame.name.empty()) {
                path += (path.empty() ? "" : ".") + frame.name;
            }
        }
        return path.empty() ? "the top" : core::printable(path);
    }

    std::size_t depth_max_;
    std::vector<Frame> frames_;
    Archive root_;
};

}  // namespace

core::Archive parse_json(std::string_view text, const JsonLimits& limits) {
    if (text.size() > limits.bytes_max) {
        throw core::InputError("larger than " + std::to_string(limits.bytes_max) + " bytes");
    }
    TreeBuilder builder(limits.depth_max);
    // Every failure throws from the builder; the returned flag says nothing more.
    nlohmann::json::sax_parse(text, &builder);
    return std::move(builder).take();
}

}  // namespace margrave::snapshot
