module trip2g/docs

go 1.26.0
