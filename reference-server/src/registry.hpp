// Owns the connections of one kind.
//
// A connection usually ends inside one of its own functions, or inside a loop over others. So retire() only takes it
// out of the list; it is destroyed by bury(), at the end of the loop's turn, when nobody is in the middle of it.
#pragma once

#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

namespace squall::reference {

// T has a public member std::size_t registry_index.
template <class T>
class Registry {
public:
    T& add(std::unique_ptr<T> item) {
        item->registry_index = items_.size();
        items_.push_back(std::move(item));
        return *items_.back();
    }

    void retire(T& item) {
        const std::size_t index = item.registry_index;
        retired_.push_back(std::move(items_[index]));
        if (index + 1 != items_.size()) {
            items_[index] = std::move(items_.back());
            items_[index]->registry_index = index;
        }
        items_.pop_back();
    }

    void bury() { retired_.clear(); }

    std::size_t size() const { return items_.size(); }
    const std::vector<std::unique_ptr<T>>& items() const { return items_; }

    // For loops in which items retire.
    std::vector<T*> snapshot() const {
        std::vector<T*> out;
        out.reserve(items_.size());
        for (const auto& item : items_)
            out.push_back(item.get());
        return out;
    }

private:
    std::vector<std::unique_ptr<T>> items_;
    std::vector<std::unique_ptr<T>> retired_;
};

}  // namespace squall::reference
