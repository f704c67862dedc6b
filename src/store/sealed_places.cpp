#include "parley/store/seal_rotation.hpp"

namespace parley::store {

const std::vector<SealedPlace>& sealed_places() {
    static const std::vector<SealedPlace> all{
        {"credentials",
         "SELECT agent, 'agent_credentials/' || agent || '#authtoken', authtoken FROM agent_credentials WHERE agent > $1 ORDER BY agent LIMIT $2",
         "UPDATE agent_credentials SET authtoken = $1 WHERE agent = $2 AND authtoken = $3"},
        {"credentials before",
         "SELECT agent, 'agent_credentials/' || agent || '#previous_token', previous_token FROM agent_credentials WHERE agent > $1 ORDER BY agent LIMIT $2",
         "UPDATE agent_credentials SET previous_token = $1 WHERE agent = $2 AND previous_token = $3"},
        {"agents",
         "SELECT agent || '#' || CAST(revision AS TEXT) || '#' || path AS place, 'agent_secrets/' || agent || '#' || path, sealed FROM agent_secrets "
         "WHERE agent || '#' || CAST(revision AS TEXT) || '#' || path > $1 ORDER BY 1 LIMIT $2",
         "UPDATE agent_secrets SET sealed = $1 WHERE agent || '#' || CAST(revision AS TEXT) || '#' || path = $2 AND sealed = $3"},
    };
    return all;
}

}  // namespace parley::store
