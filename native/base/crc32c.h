// CRC-32C, the checksum of whatever is on disk: the Castagnoli polynomial 0x1EDC6F41, reflected,
// with all bits inverted before and after, as in iSCSI (RFC 3720, appendix B.4). Computed by the
// CPU's own instruction where it has one.
//
// Thread safety: may be called from any thread.

#ifndef SKALAR_BASE_CRC32C_H_
#define SKALAR_BASE_CRC32C_H_

#include <cstddef>
#include <cstdint>

namespace skalar {

// Of `bytes` behind those whose checksum is `before`; 0 for none.
uint32_t Crc32c(const uint8_t* data, size_t bytes, uint32_t before = 0);

// The same without that instruction.
uint32_t Crc32cByTable(const uint8_t* data, size_t bytes, uint32_t before = 0);

}  // namespace skalar

#endif  // SKALAR_BASE_CRC32C_H_
