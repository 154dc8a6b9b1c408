module sunsweep-client

go 1.19
