// What several questions need to know of a directory, asked of it as one.
//
// To slapd a search for ten names is little more work than one for a single name, and so it is to us.
#pragma once

#include <cstddef>
#include <functional>
#include <string_view>
#include <vector>

#include <sql2ldap/model/lookup.hpp>
#include <sql2ldap/serve/workers.hpp>

namespace sql2ldap::serve {

class gathered_lookup final : public model::entry_lookup {
 public:
  // `from` outlives this.
  explicit gathered_lookup(model::entry_lookup& from) : from_(from) {}

  // Does each piece of work, in this thread. One that looks something up here is told an error, and done anew when the
  // answer is there; so each must look up the same when it is told the same, and may leave nothing behind but the
  // outcome of its last time. What asks for more than limits::steps_together_max things, one after the other, asks for
  // the rest alone, and so does what the others cannot be asked with. `ended` is told who came to its end.
  void answer_together(const works& all, const ended_listener& ended);

  // Outside of answer_together: as `from`.
  [[nodiscard]] result<std::vector<model::entry>> find(model::attribute_name name, std::string_view value) override;
  [[nodiscard]] result<std::vector<std::vector<model::entry>>> find_each(
      const std::vector<model::any_of_these>& asked) override;

 private:
  model::entry_lookup& from_;
};

}  // namespace sql2ldap::serve
