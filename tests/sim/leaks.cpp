// The packaged recogniser's grammar parser keeps a few bytes of every grammar it reads; nothing of ours is on those
// paths.
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
extern "C" const char* __lsan_default_suppressions();
extern "C" const char* __lsan_default_suppressions() {
    return "leak:libsphinxbase\n";
}
#endif
#endif
