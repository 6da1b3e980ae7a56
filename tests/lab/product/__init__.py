"""Operations Manager: the group, its two shells, installers and media; a world is built from an estate by ``build_world``."""
