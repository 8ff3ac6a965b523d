module warren.dev/test/pause

go 1.24
