"""Handing over: to the next carer, to the vet, to another house.

`summary` is for whoever takes the next watch, `dossier` with `pdf` and `sheet` for the vet, and
`export` with `importing` take all records out and in again (`README.md` describes the format).
"""
