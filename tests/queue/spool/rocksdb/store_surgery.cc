#include "postrider/tests/queue/spool/rocksdb/store_surgery.h"

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <vector>

#include <rocksdb/db.h>

#include "postrider/queue/spool/rocksdb/keys.h"

namespace postrider::queue {
namespace {

void must(const rocksdb::Status& status) {
  if (status.ok()) return;
  std::fprintf(stderr, "%s\n", status.ToString().c_str());
  std::abort();
}

}  // namespace

struct StoreSurgery::Impl {
  std::unique_ptr<rocksdb::DB> db;
  std::map<std::string, rocksdb::ColumnFamilyHandle*> handles;
};

StoreSurgery::StoreSurgery(const std::string& path) : impl_(std::make_unique<Impl>()) {
  std::vector<std::string> names;
  must(rocksdb::DB::ListColumnFamilies(rocksdb::DBOptions(), path, &names));
  std::vector<rocksdb::ColumnFamilyDescriptor> families;
  for (const std::string& each : names) families.emplace_back(each, rocksdb::ColumnFamilyOptions());
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  rocksdb::DB* db = nullptr;
  must(rocksdb::DB::Open(rocksdb::DBOptions(), path, families, &handles, &db));
  impl_->db.reset(db);
  for (rocksdb::ColumnFamilyHandle* each : handles) impl_->handles[each->GetName()] = each;
}

StoreSurgery::~StoreSurgery() {
  for (const auto& [name, handle] : impl_->handles) must(impl_->db->DestroyColumnFamilyHandle(handle));
  must(impl_->db->Close());
}

void StoreSurgery::damage(MessageId id) {
  rocksdb::ColumnFamilyHandle* envelopes = impl_->handles.at("envelopes");
  std::string value;
  must(impl_->db->Get(rocksdb::ReadOptions(), envelopes, id_key(id), &value));
  value.back() = static_cast<char>(value.back() ^ 1);
  must(impl_->db->Put(rocksdb::WriteOptions(), envelopes, id_key(id), value));
}

void StoreSurgery::erase_slice(MessageId id, std::uint32_t index) {
  must(impl_->db->SingleDelete(rocksdb::WriteOptions(), impl_->handles.at("content"), slice_key(id, index)));
}

void StoreSurgery::set_schema(const std::string& text) {
  must(impl_->db->Put(rocksdb::WriteOptions(), impl_->handles.at("default"), std::string(kSchemaKey), text));
}

std::size_t StoreSurgery::damage_tables(const std::string& path, const std::string& family, double at) {
  std::vector<std::string> files;
  {
    StoreSurgery surgery(path);
    rocksdb::DB& db = *surgery.impl_->db;
    // What was in the log alone is in tables now; one table a family.
    must(db.Flush(rocksdb::FlushOptions(), surgery.impl_->handles.at(family)));
    must(
        db.CompactRange(rocksdb::CompactRangeOptions(), surgery.impl_->handles.at(family), nullptr, nullptr));
    std::vector<rocksdb::LiveFileMetaData> live;
    db.GetLiveFilesMetaData(&live);
    for (const rocksdb::LiveFileMetaData& each : live)
      if (each.column_family_name == family) files.push_back(each.db_path + each.name);
  }
  for (const std::string& each : files) {
    std::fstream file(each, std::ios::in | std::ios::out | std::ios::binary);
    const auto place =
        static_cast<std::streamoff>(at * static_cast<double>(std::filesystem::file_size(each)));
    char octets[8];
    file.seekg(place);
    file.read(octets, sizeof octets);
    for (char& octet : octets) octet = static_cast<char>(~octet);
    file.seekp(place);
    file.write(octets, sizeof octets);
    if (!file) std::abort();
  }
  return files.size();
}

std::size_t StoreSurgery::count(const std::string& family) const {
  const std::unique_ptr<rocksdb::Iterator> at(
      impl_->db->NewIterator(rocksdb::ReadOptions(), impl_->handles.at(family)));
  std::size_t keys = 0;
  for (at->SeekToFirst(); at->Valid(); at->Next()) ++keys;
  must(at->status());
  return keys;
}

void StoreSurgery::make_foreign(const std::string& path) {
  rocksdb::Options options;
  options.create_if_missing = true;
  rocksdb::DB* opened = nullptr;
  must(rocksdb::DB::Open(options, path, &opened));
  const std::unique_ptr<rocksdb::DB> db(opened);
  must(db->Put(rocksdb::WriteOptions(), "something", "else"));
  must(db->Close());
}

}  // namespace postrider::queue
