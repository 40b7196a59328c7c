/** What the world is made of. These fill their cells. */
import { type Drawing, drawing, over } from './drawing.js';

const grass = drawing(`
  GGGGGGGGGGGGGGGG
  GGGGGGGGGGGGGGGG
  GGGhGGGGGGGGGGGG
  GhGhGGGGGGGGGgGG
  GGhGGGGGGGGGGGGG
  GGGGGGGGGGGGGGGG
  GGGGGGGGGgGGGGGG
  GGGGGGGGgGgGGGGG
  GGgGGGGGGGGGGGGG
  GGGGGGGGGGGGGGGG
  GGGGGGGGGGGGhGGG
  GGGGGGGGGGGGhGhG
  GGGGgGGGGGGGGhGG
  GGGgGGGGGGGGGGGG
  GGGGGGGGGGGGGGGG
  GGGGGGGGGGGGGGGG`);

const sand = drawing(`
  yyyyyyyyyyyyyyyy
  yyyyYyyyyyyyyyyy
  yyyyyyyyyyyzyyyy
  yyzyyyyyyyyyyyyy
  yyyyyyyyyyyyyyYy
  yyyyyyyzyyyyyyyy
  yyyyyyyyyyyyyyyy
  yYyyyyyyyyyYyyyy
  yyyyyyyyyyyyyyzy
  yyyyyzyyyyyyyyyy
  yyyyyyyyyyyyyyyy
  yyyyyyyyyYyyyyyy
  yyzyyyyyyyyyzyyy
  yyyyyyYyyyyyyyyy
  yyyyyyyyyyyyyyyy
  yyyyyyyyyzyyyyYy`);

const path = drawing(`
  PPPPPPPPPPPPPPPP
  PPqqPPPPPPPPPPPP
  PqqqqPPPPPPppPPP
  PPppPPPPPPPPPPPP
  PPPPPPPPqqPPPPPP
  PPPPPPPqqqqPPPPP
  PpPPPPPPppPPPPPP
  PPPPPPPPPPPPPqqP
  PPPPPqPPPPPPPppP
  PPPPPPPPPPPPPPPP
  PqqPPPPPPqPPPPPP
  PppPPPPPPPPPPPPP
  PPPPPPPPPPPPqqPP
  PPPPPqqqPPPqqqqP
  PPPPPpppPPPPppPP
  PPPPPPPPPPPPPPPP`);

const stone = drawing(`
  llllllllllllllls
  lSSSSSSSSSSSSSSs
  lSSSSSSSSlSSSSSs
  lSSlSSSSlllSSSSs
  lSlllSSSSSSSSSSs
  lSSSSSSSSSSSsSSs
  lSSSSSSSsSSSssSs
  lSSSSSSssSSSSSSs
  lSSSSSSSSSSSSSSs
  lSsSSSSSSSSlSSSs
  lSssSSSSSSlllSSs
  lSSSSSSSSSSSSSSs
  lSSSSSlSSSSSSSSs
  lSSSSlllSSSsSSSs
  lSSSSSSSSSssSSSs
  ssssssssssssssss`);

const water = drawing(`
  AAAAAAAAAAAAAAAA
  AAAAAAAAAAAAAAAA
  AAccAAAAAAAAAAAA
  AcAAccAAAAAAAaAA
  AAAAAAAAAAAAAAAA
  AAAAAAAAAccAAAAA
  AAAAAAAAcAAccAAA
  AaAAAAAAAAAAAAAA
  AAAAAAAAAAAAAAAA
  AAAcccAAAAAAAAAA
  AAcAAAcAAAAAAAAA
  AAAAAAAAAAAccAAA
  AAAAAAAAAAcAAccA
  AAAAaAAAAAAAAAAA
  AAAAAAAAAAAAAAAA
  AAAAAAAAAAAAAAAA`);

const lava = drawing(`
  oooooooooooooooo
  ooOOOooooorroooo
  oOeeeOooorrrrooo
  oOeeeOoooorrroOo
  ooOOOoooooooooOO
  ooooooooooooooOO
  orroooooOOOooooO
  rrrroooOeeeOoooo
  orrooooOeeeeOooo
  oooooooOOeeOoooo
  ooooOooooOOooorr
  oooOOOoooooooorr
  ooOOeOOooooooooo
  oooOOOooorrooooo
  ooooOooorrrrooOo
  oooooooooooooooo`);

const treetop = drawing(`
  .....tttttt.....
  ...ttTTTTTTtt...
  ..tTTuuuTTTTTt..
  .tTTuUUuuTTTTTt.
  .tTuUUUUuTTuTTt.
  tTTuUUUuuTuuuTTt
  tTTTuuuuTTTuuTTt
  tTTTTTuTTTTTTTtt
  tTTuuTTTTTuuTTtt
  tTuuuuTTTuUuuTtt
  .tTuuTTTTTuuTtt.
  .ttTTTTTTTTTttt.
  ..tttTTtTTtttt..
  ....ttbBBbtt....
  .....gbBnbgg....
  ....ggbBnbggg...`);

const lumps = drawing(`
  ................
  ...kk...........
  ..kKKk......kk..
  .kKsKKk....kKKk.
  .kKKKKk...kKsKKk
  ..kkkk....kKKKKk
  ...........kkkk.
  .....kkk........
  ....kKsKk.......
  ...kKKKKKk......
  ...kKKKKkk..kk..
  ....kkkk...kKKk.
  .kk........kKsKk
  kKsKk.......kKKk
  kKKKk........kk.
  .kkk............`);

const nuggets = drawing(`
  ................
  ...II......II...
  ..IiiI....IiYI..
  .IiYiiI...IiiI..
  .IiiiiI....II...
  ..IIII..........
  .........III....
  ...II...IiiiI...
  ..IiYI.IiYiiI...
  ..IiiI.IiiiiI...
  ...II...IIII.II.
  ............IiiI
  ..III.......IiYI
  .IiYiI...II..II.
  .IiiiI..IiiI....
  ..III....II.....`);

const gems = drawing(`
  ................
  ....DD..........
  ...DddD.....D...
  ..DdwddD...DdD..
  ..DwdddD..DdwdD.
  ...DddD...DdddD.
  ....DD.....DdD..
  ............D...
  .......DD.......
  ......DddD......
  .D...DdwddD.....
  DdD..DwdddD..D..
  dwdD.DddddD.DdD.
  DdD...DddD.DdwdD
  .D.....DD...DdD.
  .............D..`);

const table = drawing(`
  bbbbbbbbbbbbbbbb
  bNNNNNNNNNNNNNNb
  bNnnnnnnnnnnnnnb
  bNnWWWnnnnnnBnnb
  bNnWlWnnnnnBnnnb
  bNnnBnnnnnBnnnnb
  bNnnBnnnnWWnnnnb
  bNnnBnnnWlWnnnnb
  bNnnBnnnWWnnnnnb
  bNnnnnnnnnnnnnnb
  bNBBBBBBBBBBBBBb
  bbbbbbbbbbbbbbbb
  bBBbnnnnnnnnbBBb
  bBBbnnnnnnnnbBBb
  bBBbBBBBBBBBbBBb
  bbbbbbbbbbbbbbbb`);

const furnace = drawing(`
  kkkkkkkkkkkkkkkk
  klllllllllllllsk
  klSSSsSSSSsSSSsk
  klSSSsSSSSsSSSsk
  kssssssssssssssk
  klSSkkkkkkkkSSsk
  klSkkKKKKKKkkSsk
  klskKKKooKKKkssk
  kssskKoOOoKkSSsk
  klSkKoOeeOoKkSsk
  klSkKoOeeOoKkSsk
  klskoOOeeOOokssk
  ksskkkkkkkkkkSsk
  klSSsSSSSsSSSSsk
  klSSsSSSSsSSSSsk
  kkkkkkkkkkkkkkkk`);

export const GROUND: Readonly<Record<string, Drawing>> = {
  water,
  grass,
  stone,
  path,
  sand,
  tree: over(treetop, grass),
  lava,
  coal: over(lumps, stone),
  iron: over(nuggets, stone),
  diamond: over(gems, stone),
  table,
  furnace,
};
