#include <sql2ldap/sync/origins.hpp>

#include <sql2ldap/base/text.hpp>
#include <sql2ldap/codec/base64.hpp>

namespace sql2ldap::sync {

origins::origins(const mapping::mapping& map) : map_(&map) {
  const std::string_view one_part[] = {"k"};
  for (std::size_t i = 0; i < map.kinds().size(); ++i) {
    std::string text = mapping::origin_of(map.name(), map.kinds()[i].name, one_part);
    text.resize(text.rfind('/') + 1);
    kind_prefixes_.push_back(std::move(text));
    key_columns_.push_back(map.queries(i).key_columns);
  }
  const std::string any = mapping::origin_of(map.name(), "kind", one_part);
  prefix_ = any.substr(0, any.find('/') + 1);
}

bool origins::is_ours(std::string_view origin) const noexcept { return origin.starts_with(prefix_); }

std::optional<std::size_t> origins::kind_of(std::string_view origin) const noexcept {
  for (std::size_t i = 0; i < kind_prefixes_.size(); ++i)
    if (origin.starts_with(kind_prefixes_[i])) return i;
  return std::nullopt;
}

std::optional<origin_parts> origins::parse(std::string_view origin) const {
  const std::optional<std::size_t> kind = kind_of(origin);
  if (!kind) return std::nullopt;
  origin_parts out;
  out.kind = *kind;
  for (const std::string_view part : split(origin.substr(kind_prefixes_[*kind].size()), '/')) {
    std::optional<std::string> decoded = codec::from_percent_encoded(part);
    if (!decoded) return std::nullopt;
    out.key.push_back(std::move(*decoded));
  }
  if (out.key.size() != key_columns_[*kind]) return std::nullopt;
  return out;
}

std::vector<std::string> origins::of(const dirty_keys& keys) const {
  std::vector<std::string> out;
  for (std::size_t kind = 0; kind < kind_prefixes_.size(); ++kind)
    for (const mapping::key_values& key : keys.of(kind)) {
      const std::vector<std::string_view> parts(key.begin(), key.end());
      out.push_back(mapping::origin_of(map_->name(), map_->kinds()[kind].name, parts));
    }
  return out;
}

std::string origins::kind_name(std::string_view origin) const {
  const std::vector<std::string_view> parts = split(origin, '/');
  return parts.size() < 2 ? std::string() : codec::from_percent_encoded(parts[1]).value_or(std::string(parts[1]));
}

std::string origins::key_text(std::string_view origin) const {
  const std::vector<std::string_view> parts = split(origin, '/');
  std::string out;
  for (std::size_t i = 2; i < parts.size(); ++i) {
    if (i > 2) out += '/';
    out += codec::from_percent_encoded(parts[i]).value_or(std::string(parts[i]));
  }
  return out;
}

}  // namespace sql2ldap::sync
