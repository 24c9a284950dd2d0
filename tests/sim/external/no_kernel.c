/* A shared library without an entry for quatrain. */
int answer(void) { return 42; }
