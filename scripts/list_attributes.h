// Compiled into tfjs-node's add-on, ahead of its own code (-include). TensorFlow's fused ops have two
// attributes that are lists, and the add-on sets single strings and types only.
#include <cstring>
#include <vector>

#include "tensorflow/c/eager/c_api.h"

// "fused_ops" is given as one string, its items between commas.
inline void SetStringOrFusedOps(TFE_Op* op, const char* name, const void* value, size_t length) {
  if (std::strcmp(name, "fused_ops") != 0) return TFE_OpSetAttrString(op, name, value, length);
  const char* item = static_cast<const char*>(value);
  const char* end = item + length;
  std::vector<const void*> items;
  std::vector<size_t> lengths;
  while (item < end) {
    const char* comma = static_cast<const char*>(std::memchr(item, ',', end - item));
    const char* stop = comma == nullptr ? end : comma;
    items.push_back(item);
    lengths.push_back(stop - item);
    item = stop + 1;
  }
  TFE_OpSetAttrStringList(op, name, items.data(), lengths.data(), static_cast<int>(items.size()));
}
#define TFE_OpSetAttrString SetStringOrFusedOps

// "TArgs" is given as one type: a fused op takes one more input here, the bias.
inline void SetTypeOrArgs(TFE_Op* op, const char* name, TF_DataType value) {
  if (std::strcmp(name, "TArgs") != 0) return TFE_OpSetAttrType(op, name, value);
  TFE_OpSetAttrTypeList(op, name, &value, 1);
}
#define TFE_OpSetAttrType SetTypeOrArgs
